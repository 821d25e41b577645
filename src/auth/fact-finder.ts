import type { DirectorySettings, Requirement } from '../config/model.js';
import type { Facts, Question } from './facts.js';
import { createGroupSources, type GroupSource } from './group-sources.js';
import type { HostNames } from './host-names.js';
import type { AuthPorts, AuthRequest } from './index.js';

/** Finds out what a decision waits for: the same facts, with the answer to the question. */
export type FactFinder = (
  question: Question,
  facts: Facts,
  request: AuthRequest,
  settings: DirectorySettings,
) => Promise<Facts>;

/** Names come from the DNS, groups from AuthGroupFile and WSGIAuthGroupScript. What cannot be known is a fact too. */
export function createFactFinder(ports: AuthPorts, hostNames: HostNames): FactFinder {
  const groupSources = createGroupSources(ports);
  return async (question, facts, request, settings) => {
    switch (question) {
      case 'ask-access-script':
        return await findScriptAccess(facts, request, settings, ports);
      case 'ask-client-name':
        return await findClientName(facts, hostNames);
      case 'ask-named-addresses':
        return await findNamedAddresses(facts, settings, hostNames);
      case 'ask-group-file': {
        const { names, faults } = await findGroups(groupSources.file, facts, request, settings);
        return { ...facts, fileGroups: names, faults };
      }
      case 'ask-group-script': {
        const { names, faults } = await findGroups(groupSources.script, facts, request, settings);
        return { ...facts, scriptGroups: names, faults };
      }
    }
  };
}

async function findScriptAccess(
  facts: Facts,
  request: AuthRequest,
  { accessScript: script }: DirectorySettings,
  ports: AuthPorts,
): Promise<Facts> {
  if (script === undefined) return { ...facts, scriptAccess: 'fault' };
  try {
    const answer: unknown = await ports.allowAccess(script, request.environ(), facts.clientAddress);
    // No opinion leaves it to Allow, Deny and Require.
    return { ...facts, scriptAccess: answer === true || answer === null ? 'granted' : 'denied' };
  } catch (error) {
    const fault = `allow_access of ${script.file}: ${error instanceof Error ? error.message : String(error)}`;
    return { ...facts, scriptAccess: 'fault', faults: [...facts.faults, fault] };
  }
}

async function findClientName(facts: Facts, hostNames: HostNames): Promise<Facts> {
  const answer = await hostNames.nameOf(facts.clientAddress);
  if (answer.kind === 'fault')
    return { ...facts, clientName: 'fault', faults: [...facts.faults, answer.text] };
  return { ...facts, clientName: answer.kind === 'none' ? 'none' : { name: answer.name } };
}

async function findNamedAddresses(
  facts: Facts,
  settings: DirectorySettings,
  hostNames: HostNames,
): Promise<Facts> {
  const names = settings.require === undefined ? [] : listForwardNames(settings.require);
  const answers = await Promise.all([...new Set(names)].map((name) => hostNames.addressesOf(name)));
  const namedAddresses = new Map<string, readonly string[] | 'fault'>(
    answers.map((answer) => [answer.name, answer.kind === 'fault' ? 'fault' : answer.addresses]),
  );
  const faults = answers.flatMap((answer) => (answer.kind === 'fault' ? [answer.text] : []));
  return { ...facts, namedAddresses, faults: [...facts.faults, ...faults] };
}

function listForwardNames(requirement: Requirement): readonly string[] {
  switch (requirement.kind) {
    case 'forward-dns':
      return requirement.names;
    case 'not':
    case 'limited':
      return listForwardNames(requirement.requirement);
    case 'any':
    case 'every':
    case 'none':
      return requirement.requirements.flatMap(listForwardNames);
    default:
      return [];
  }
}

async function findGroups(
  source: GroupSource,
  facts: Facts,
  request: AuthRequest,
  settings: DirectorySettings,
): Promise<{ names: ReadonlySet<string> | 'fault'; faults: readonly string[] }> {
  const groups = await source(request, settings, facts.user ?? '');
  if (groups.kind === 'known') return { names: groups.names, faults: facts.faults };
  return { names: 'fault', faults: [...facts.faults, groups.text] };
}
