import type { HostAccess, HostTest, Limited } from '../config/model.js';
import { type TestResult, testAddress, testName, testVariables } from './client-tests.js';
import { type Facts, isQuestion, type Question } from './facts.js';
import { coversMethod, lastFor } from './method-limit.js';

/** What Allow and Deny say of a request. */
export function evaluateHostAccess(access: HostAccess, facts: Facts): 'granted' | 'denied' | Question {
  const order = lastFor(access.orders, facts.method) ?? 'deny,allow';
  // The one whose word is not the last goes first: often nothing has to be looked up for the other.
  if (order === 'deny,allow') {
    const isDenied = isListed(access.deny, facts, true);
    if (isDenied !== true) return isDenied || 'granted';
    return verdictOf(isListed(access.allow, facts, false));
  }
  const isAllowed = isListed(access.allow, facts, false);
  if (isAllowed !== true) return isAllowed || 'denied';
  const isDenied = isListed(access.deny, facts, true);
  return isQuestion(isDenied) ? isDenied : verdictOf(!isDenied);
}

function verdictOf(isGranted: boolean | Question): 'granted' | 'denied' | Question {
  if (isQuestion(isGranted)) return isGranted;
  return isGranted ? 'granted' : 'denied';
}

/** Satisfy, for the method of the request. */
export function satisfyOf(access: HostAccess | undefined, method: string): 'all' | 'any' {
  return (access && lastFor(access.satisfy, method)) ?? 'all';
}

/** `onFault`: who cannot be told apart from somebody in the list is kept out by Deny, and not let in by Allow. */
function isListed(tests: readonly Limited<HostTest>[], facts: Facts, onFault: boolean): boolean | Question {
  let result = false;
  for (const { value, limit } of tests) {
    if (!coversMethod(limit, facts.method)) continue;
    const matched = testHost(value, facts);
    if (isQuestion(matched) || matched === true) return matched;
    if (matched === 'fault') result ||= onFault;
  }
  return result;
}

function testHost(test: HostTest, facts: Facts): TestResult {
  switch (test.kind) {
    case 'all':
      return true;
    case 'ip':
      return testAddress(facts, [test.range]);
    case 'host':
      return testName(facts, [test.domain]);
    case 'env':
      return testVariables(facts, [test.variable]) !== test.negated;
  }
}
