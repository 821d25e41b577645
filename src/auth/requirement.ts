import type { DirectorySettings, Requirement } from '../config/model.js';
import { toByteString } from '../http/index.js';
import { isInRanges } from '../matching/index.js';

/** What is known while a Require tree is evaluated. Absent: not known yet. Byte strings. */
export interface Facts {
  readonly clientAddress: string;
  /** Who has authenticated. */
  readonly user?: string;
  /** Groups of the user by AuthGroupFile; 'fault': they cannot be known. */
  readonly fileGroups?: ReadonlySet<string> | 'fault';
  /** Groups of the user by WSGIAuthGroupScript. */
  readonly scriptGroups?: ReadonlySet<string> | 'fault';
}

/**
 * - `needs-user`: denied as long as nobody has authenticated;
 * - `neutral`: a negated test that did not hold: says nothing for or against;
 * - `fault`: a test could not be made. Denied, and stays so when negated;
 * - `ask-…`: the answer depends on a fact that is not known yet: find it out and evaluate again.
 */
export type Outcome = 'granted' | 'denied' | 'neutral' | 'needs-user' | 'fault' | Question;
type Question = 'ask-group-file' | 'ask-group-script';

/** Only 'granted' lets anyone in. */
export function evaluateRequirement(
  requirement: Requirement,
  settings: DirectorySettings,
  facts: Facts,
): Outcome {
  switch (requirement.kind) {
    case 'granted':
    case 'denied':
      return requirement.kind;
    case 'ip':
      return testAddress(facts.clientAddress, requirement.ranges);
    case 'valid-user':
      return facts.user === undefined ? 'needs-user' : 'granted';
    case 'user':
      return facts.user === undefined ? 'needs-user' : grantIf(holds(requirement.names, facts.user));
    case 'group':
      return testGroups(requirement.names, facts, usesGroupFile(settings));
    case 'wsgi-group':
      return testGroups(requirement.names, facts, false);
    case 'every':
      return evaluateEvery(requirement.requirements, settings, facts);
    case 'any':
      return evaluateAny(requirement.requirements, settings, facts);
    case 'none':
      return negate(evaluateAny(requirement.requirements, settings, facts));
    case 'not':
      return negate(evaluateRequirement(requirement.requirement, settings, facts));
  }
}

/** Denied by one is denied, whatever the others need; an unauthenticated "perhaps" weighs more than "granted". */
function evaluateEvery(
  requirements: readonly Requirement[],
  settings: DirectorySettings,
  facts: Facts,
): Outcome {
  let result: Outcome = 'neutral';
  for (const requirement of requirements) {
    const outcome = evaluateRequirement(requirement, settings, facts);
    if (outcome === 'neutral') continue;
    if (outcome !== 'granted' && outcome !== 'needs-user') return outcome;
    if (outcome === 'needs-user' || result === 'neutral') result = outcome;
  }
  return result;
}

/** Granted by one is granted; else the outcome that leaves most room is kept. */
function evaluateAny(
  requirements: readonly Requirement[],
  settings: DirectorySettings,
  facts: Facts,
): Outcome {
  let result: Outcome = 'neutral';
  for (const requirement of requirements) {
    const outcome = evaluateRequirement(requirement, settings, facts);
    if (outcome === 'granted' || isQuestion(outcome)) return outcome;
    if (anyOrder.indexOf(outcome) > anyOrder.indexOf(result)) result = outcome;
  }
  return result;
}

const anyOrder: readonly Outcome[] = ['neutral', 'denied', 'fault', 'needs-user'];

/** "Not denied" is no reason to let anyone in, so it becomes neutral. */
function negate(outcome: Outcome): Outcome {
  if (outcome === 'granted') return 'denied';
  return outcome === 'denied' || outcome === 'needs-user' ? 'neutral' : outcome;
}

function isQuestion(outcome: Outcome): outcome is Question {
  return outcome === 'ask-group-file' || outcome === 'ask-group-script';
}

/** `Require group` without a group file asks the group script, if there is one: mod_wsgi's users expect it to. */
function usesGroupFile(settings: DirectorySettings): boolean {
  return settings.authGroupFile !== undefined || settings.authGroupScript === undefined;
}

function testGroups(names: readonly string[], facts: Facts, byFile: boolean): Outcome {
  if (facts.user === undefined) return 'needs-user';
  const groups = byFile ? facts.fileGroups : facts.scriptGroups;
  if (groups === undefined) return byFile ? 'ask-group-file' : 'ask-group-script';
  if (groups === 'fault') return 'fault';
  return grantIf(names.some((name) => groups.has(toByteString(name))));
}

function testAddress(address: string, ranges: Parameters<typeof isInRanges>[1]): Outcome {
  const inside = isInRanges(address, ranges);
  return inside === undefined ? 'fault' : grantIf(inside);
}

function holds(names: readonly string[], user: string): boolean {
  return names.some((name) => toByteString(name) === user);
}

function grantIf(condition: boolean): Outcome {
  return condition ? 'granted' : 'denied';
}
