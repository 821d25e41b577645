import type { AccessOrder, HostAccess, HostTest } from '../config/model.js';
import { type TestResult, testAddress, testName, testVariables } from './client-tests.js';
import { type Facts, isQuestion, type Question } from './facts.js';
import { coversMethod, lastFor } from './method-limit.js';

/** What Allow and Deny say of a request. */
export function evaluateHostAccess(access: HostAccess, facts: Facts): 'granted' | 'denied' | Question {
  const order = orderOf(access, facts.method);
  // The one whose word is not the last goes first: often nothing has to be looked up for the other.
  if (order === 'deny,allow') {
    const isDenied = isListed('Deny', access, facts);
    if (isDenied !== true) return isDenied || 'granted';
    return verdictOf(isListed('Allow', access, facts));
  }
  const isAllowed = isListed('Allow', access, facts);
  if (isAllowed !== true) return isAllowed || 'denied';
  const isDenied = isListed('Deny', access, facts);
  return isQuestion(isDenied) ? isDenied : verdictOf(!isDenied);
}

function verdictOf(isGranted: boolean | Question): 'granted' | 'denied' | Question {
  if (isQuestion(isGranted)) return isGranted;
  return isGranted ? 'granted' : 'denied';
}

/** Order, for the method of the request. */
export function orderOf({ orders }: HostAccess, method: string): AccessOrder {
  return lastFor(orders, method) ?? 'deny,allow';
}

/** Satisfy, for the method of the request. */
export function satisfyOf(access: HostAccess | undefined, method: string): 'all' | 'any' {
  return (access && lastFor(access.satisfy, method)) ?? 'all';
}

/** Who cannot be told apart from somebody in the list is kept out by Deny, and not let in by Allow. */
function isListed(list: 'Allow' | 'Deny', access: HostAccess, facts: Facts): boolean | Question {
  const tests = list === 'Allow' ? access.allow : access.deny;
  let result = false;
  for (const test of tests) {
    const { value, limit } = test;
    if (!coversMethod(limit, facts.method)) {
      facts.witness?.({ kind: 'host-test', list, test, outcome: 'other-method' });
      continue;
    }
    const matched = testHost(value, facts);
    facts.witness?.({ kind: 'host-test', list, test, outcome: matched });
    if (isQuestion(matched) || matched === true) return matched;
    if (matched === 'fault') result ||= list === 'Deny';
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
