import { checkClients } from './check-clients.js';
import { checkProcessGroups } from './check-process-groups.js';
import { checkRawPaths } from './check-raw-paths.js';
import { checkTls } from './check-tls.js';
import type { ChildSection, ConfigDraft, ServerDraft } from './draft.js';
import type { Requirement } from './model.js';
import { findNearest } from './nearest-name.js';
import { listWords } from './values.js';

/** What can only be judged when everything is read. */
export function checkDraft(draft: ConfigDraft): void {
  checkListeners(draft);
  checkGroupReferences(draft);
  checkProcessGroups(draft);
  checkWsgiProviders(draft);
  checkTls(draft);
  checkClients(draft);
  checkRawPaths(draft);
  checkRewriteMaps(draft);
  checkHandlers(draft);
  for (const server of [draft.mainServer, ...draft.virtualHosts])
    for (const section of server.body.sections) checkRequirements(draft, section);
}

function checkListeners({ listeners, mistakes, configFile }: ConfigDraft): void {
  // A wrong Listen has been reported; a file that cannot be read may hold one.
  const isExplained = mistakes.all.some(
    ({ severity, directive }) =>
      severity === 'error' && (directive === undefined || directive.toLowerCase() === 'listen'),
  );
  if (listeners.length > 0 || isExplained) return;
  mistakes.error(
    { position: { file: configFile, line: 0 } },
    'Listen',
    'expected at least one, such as Listen 8080',
    { kind: 'no-listener' },
  );
}

/** Which group a request runs in may be chosen per request; a name that is written down can be checked now. */
function checkGroupReferences(draft: ConfigDraft): void {
  const groups = new Map(draft.processGroups.map((group) => [group.name, group]));
  for (const { name, place, directive, serverId } of draft.groupReferences) {
    const group = groups.get(name);
    if (group === undefined) {
      draft.mistakes.error(place, directive, `no WSGIDaemonProcess declares the process group '${name}'`, {
        kind: 'unknown-process-group',
        suggestion: findNearest(name, groups.keys()),
      });
    } else if (!isVisible(draft, group.virtualHostId, serverId)) {
      draft.mistakes.warning(
        place,
        directive,
        `the process group '${name}' is declared in a virtual host of another name: requests that ask for it here will fail`,
        { kind: 'process-group-elsewhere' },
      );
    }
  }
}

/** A group that a virtual host declares serves the virtual hosts of the same ServerName. */
function isVisible(draft: ConfigDraft, declaredIn: number, usedIn: number): boolean {
  if (declaredIn === 0 || declaredIn === usedIn) return true;
  const nameOf = (id: number) => findServer(draft, id)?.serverName?.host;
  return nameOf(declaredIn) !== undefined && nameOf(declaredIn) === nameOf(usedIn);
}

function findServer(draft: ConfigDraft, id: number): ServerDraft | undefined {
  return id === 0 ? draft.mainServer : draft.virtualHosts[id - 1];
}

function checkWsgiProviders({ wsgiProviders, serversWithAuthScript, mistakes }: ConfigDraft): void {
  for (const { place, directive, serverId } of wsgiProviders)
    if (!serversWithAuthScript.has(serverId) && !serversWithAuthScript.has(0))
      mistakes.warning(
        place,
        directive,
        'wsgi needs a WSGIAuthUserScript: without one every login here will fail',
        { kind: 'provider-incomplete', at: { word: 'wsgi' } },
      );
}

/** Which of them is asked depends on the virtual host of a request; one that is nowhere can never be. */
function checkRewriteMaps({ mainServer, virtualHosts, rewriteMapReferences, mistakes }: ConfigDraft): void {
  const known = new Set([mainServer, ...virtualHosts].flatMap(({ rewriteMaps }) => [...rewriteMaps.keys()]));
  for (const { name, place, directive } of rewriteMapReferences)
    if (!known.has(name))
      mistakes.error(place, directive, `no RewriteMap is called '${name}'`, {
        suggestion: findNearest(name, known),
      });
}

/** A handler may be named before it is declared. */
function checkHandlers({ handlerNames, handlerReferences }: ConfigDraft): void {
  for (const { name, complain } of handlerReferences) if (!handlerNames.has(name)) complain();
}

function checkRequirements(draft: ConfigDraft, section: ChildSection): void {
  checkMerging(draft, section);
  checkOverrides(draft, section);
  checkLimited(draft, section);
  for (const inner of section.draft.sections) checkRequirements(draft, inner);
}

function checkMerging({ mistakes }: ConfigDraft, { head, draft: { requirements, settings } }: ChildSection) {
  if (settings.authMerging === undefined || requirements.length > 0) return;
  const message = 'changes nothing in a section without Require: what is required further out stays';
  mistakes.warning({ position: head.position }, 'AuthMerging', message, {
    kind: 'argument-no-effect',
    at: 'name',
  });
}

/** As in httpd, whether .htaccess files are read is decided before patterns are looked at. */
function checkOverrides({ mistakes }: ConfigDraft, { head, draft: { settings } }: ChildSection): void {
  const { allowOverride, allowOverrideList } = settings;
  if ((allowOverride ?? allowOverrideList) === undefined || head.match.kind !== 'regex') return;
  const message = 'has no effect in a <Directory> that is a regular expression; expected a path';
  mistakes.warning({ position: head.position }, 'AllowOverride', message, {
    kind: 'argument-no-effect',
    at: 'arguments',
  });
}

/** A Require in <Limit> with nothing beside it leaves every other method open, also those that nobody has thought of. */
function checkLimited(draft: ConfigDraft, { draft: { requirements } }: ChildSection): void {
  const limited = requirements.flatMap((requirement) => (isForSomeMethods(requirement) ? [requirement] : []));
  const first = limited.find(({ requirement }) => requirement.kind !== 'granted');
  if (first !== undefined && limited.length === requirements.length) {
    const methods = new Set(limited.flatMap(({ limit }) => limit.methods));
    const words = listWords([...methods]);
    const message = `in <Limit> and with no other beside it: all methods but ${words} are open here; expected <LimitExcept>, or no <Limit>`;
    draft.mistakes.warning({ position: first.position }, 'Require', message, { kind: 'open-in-effect' });
  }
}

type Limited = Extract<Requirement, { kind: 'limited' }>;

function isForSomeMethods(requirement: Requirement): requirement is Limited {
  return requirement.kind === 'limited' && !requirement.limit.except;
}
