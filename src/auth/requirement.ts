import type { DirectorySettings, Requirement } from '../config/model.js';
import { toByteString } from '../http/index.js';
import {
  type TestResult,
  testAddress,
  testLocal,
  testName,
  testNamedAddresses,
  testVariables,
} from './client-tests.js';
import { type Facts, isQuestion, type Question } from './facts.js';
import { appliesTo, methodOf } from './method-limit.js';

/**
 * - `needs-user`: denied as long as nobody has authenticated;
 * - `neutral`: a negated test that did not hold: says nothing for or against;
 * - `fault`: a test could not be made. Denied, and stays so when negated;
 * - `ask-…`: the answer depends on a fact that is not known yet: find it out and evaluate again.
 */
export type Outcome = 'granted' | 'denied' | 'neutral' | 'needs-user' | 'fault' | Question;

/**
 * Only 'granted' lets anyone in. What stands in <Limit> for other methods does not count; if all of it does, nothing is
 * required. `isNegated`: the outcome is going to be turned round.
 */
export function evaluateRequirement(
  requirement: Requirement,
  settings: DirectorySettings,
  facts: Facts,
  isNegated = false,
): Outcome {
  if (!appliesTo(requirement, facts.method)) {
    facts.witness?.({ kind: 'requirement', requirement, outcome: 'other-method' });
    return 'granted';
  }
  const outcome = evaluateApplying(requirement, settings, facts, isNegated);
  facts.witness?.({ kind: 'requirement', requirement, outcome });
  return outcome;
}

function evaluateApplying(
  requirement: Requirement,
  settings: DirectorySettings,
  facts: Facts,
  isNegated: boolean,
): Outcome {
  switch (requirement.kind) {
    case 'granted':
    case 'denied':
      return requirement.kind;
    case 'ip':
      return outcomeOf(testAddress(facts, requirement.ranges));
    case 'local':
      return outcomeOf(testLocal(facts));
    case 'host':
      return outcomeOf(testName(facts, requirement.names));
    case 'forward-dns':
      return outcomeOf(testNamedAddresses(facts, requirement.names));
    case 'env':
      return outcomeOf(testVariables(facts, requirement.names));
    case 'method':
      return grantIf(requirement.names.includes(methodOf(facts.method)));
    case 'ssl':
      return grantIf(facts.tls !== undefined);
    case 'ssl-verify-client':
      return grantIf(facts.tls?.isClientVerified === true);
    case 'expr':
      return testExpression(requirement, facts);
    case 'valid-user':
      return facts.user === undefined ? 'needs-user' : 'granted';
    case 'user':
      return facts.user === undefined ? 'needs-user' : grantIf(holds(requirement.names, facts.user));
    case 'group':
      return testGroups(requirement.names, facts, usesGroupFile(settings));
    case 'wsgi-group':
      return testGroups(requirement.names, facts, false);
    case 'limited':
      return evaluateRequirement(requirement.requirement, settings, facts, isNegated);
    case 'every':
      return evaluateEvery(requirement.requirements, settings, facts, isNegated);
    case 'any':
      return evaluateAny(requirement.requirements, settings, facts, isNegated);
    case 'none':
      return negate(evaluateAny(requirement.requirements, settings, facts, !isNegated));
    case 'not':
      return negate(evaluateRequirement(requirement.requirement, settings, facts, !isNegated));
  }
}

/** `Require all granted`, alone or beside its like: evaluates to 'granted' whatever is known. What is not sure is not. */
export function isAlwaysGranted(requirement: Requirement): boolean {
  switch (requirement.kind) {
    case 'granted':
      return true;
    case 'any':
    case 'every':
      return requirement.requirements.length > 0 && requirement.requirements.every(isAlwaysGranted);
    default:
      return false;
  }
}

/** Denied by one is denied, whatever the others need; an unauthenticated "perhaps" weighs more than "granted". */
function evaluateEvery(
  requirements: readonly Requirement[],
  settings: DirectorySettings,
  facts: Facts,
  isNegated: boolean,
): Outcome {
  let result: Outcome = 'neutral';
  for (const requirement of requirements) {
    const outcome = evaluateRequirement(requirement, settings, facts, isNegated);
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
  isNegated: boolean,
): Outcome {
  const order = isNegated ? negatedOrder : anyOrder;
  let result: Outcome = 'neutral';
  for (const requirement of requirements) {
    const outcome = evaluateRequirement(requirement, settings, facts, isNegated);
    if (!appliesTo(requirement, facts.method)) continue;
    if (outcome === 'granted' || isQuestion(outcome)) return outcome;
    if (order.indexOf(outcome) > order.indexOf(result)) result = outcome;
  }
  return result;
}

const anyOrder: readonly Outcome[] = ['neutral', 'denied', 'fault', 'needs-user'];
/** A user who is not there yet must not cover up what could not be tested. */
const negatedOrder: readonly Outcome[] = ['neutral', 'denied', 'needs-user', 'fault'];

/** "Not denied" is no reason to let anyone in, so it becomes neutral. */
function negate(outcome: Outcome): Outcome {
  if (outcome === 'granted') return 'denied';
  return outcome === 'denied' || outcome === 'needs-user' ? 'neutral' : outcome;
}

/** `Require group` without a group file asks the group script, if there is one: mod_wsgi's users expect it to. */
function usesGroupFile(settings: DirectorySettings): boolean {
  return settings.authGroupFile !== undefined || settings.authGroupScript === undefined;
}

/** If it denies and speaks of the user, it may say something else once there is one. */
function testExpression(
  { condition, asksUser, position }: Extract<Requirement, { kind: 'expr' }>,
  { holds, user }: Facts,
): Outcome {
  const answer = holds(condition, user, position);
  if (answer === 'fault') return 'fault';
  if (answer) return 'granted';
  return asksUser && user === undefined ? 'needs-user' : 'denied';
}

function testGroups(names: readonly string[], facts: Facts, byFile: boolean): Outcome {
  if (facts.user === undefined) return 'needs-user';
  const groups = byFile ? facts.fileGroups : facts.scriptGroups;
  if (groups === undefined) return byFile ? 'ask-group-file' : 'ask-group-script';
  if (groups === 'fault') return 'fault';
  return grantIf(names.some((name) => groups.has(toByteString(name))));
}

function outcomeOf(result: TestResult): Outcome {
  return typeof result === 'boolean' ? grantIf(result) : result;
}

function holds(names: readonly string[], user: string): boolean {
  return names.some((name) => toByteString(name) === user);
}

function grantIf(condition: boolean): Outcome {
  return condition ? 'granted' : 'denied';
}
