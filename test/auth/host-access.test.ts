import { describe, expect, it } from 'vitest';
import { evaluateHostAccess } from '../../src/auth/host-access.js';
import type { AccessOrder, HostAccess, HostTest } from '../../src/config/model.js';
import { factsOf } from './requests.js';

const position = { file: 'site.conf', line: 1 };
const name: HostTest = { kind: 'host', domain: 'example.com' };
const all: HostTest = { kind: 'all' };

function access(order: AccessOrder, allow: readonly HostTest[], deny: readonly HostTest[]): HostAccess {
  return {
    orders: [{ value: order, position }],
    satisfy: [],
    allow: allow.map((value) => ({ value, position })),
    deny: deny.map((value) => ({ value, position })),
  };
}

describe('Allow and Deny by name', () => {
  it.each<[AccessOrder, readonly HostTest[], readonly HostTest[], string]>([
    ['allow,deny', [name], [], 'denied'],
    ['allow,deny', [all], [name], 'denied'],
    ['deny,allow', [], [name], 'denied'],
    ['deny,allow', [name], [all], 'denied'],
    ['deny,allow', [all], [name], 'granted'],
    ['mutual-failure', [all], [name], 'denied'],
    ['mutual-failure', [name], [], 'denied'],
    ['allow,deny', [name, all], [], 'granted'],
  ])('%s, when the name cannot be known, Allow %j, Deny %j: %s', (order, allow, deny, expected) => {
    const facts = factsOf({}, { clientName: 'fault' });
    expect(evaluateHostAccess(access(order, allow, deny), facts)).toBe(expected);
  });

  it.each<[AccessOrder, readonly HostTest[], readonly HostTest[], string]>([
    ['allow,deny', [all], [name], 'ask-client-name'],
    ['allow,deny', [], [name], 'denied'],
    ['deny,allow', [name], [], 'granted'],
    ['deny,allow', [name], [all], 'ask-client-name'],
    ['allow,deny', [all, name], [], 'granted'],
  ])('%s asks for the name only when it matters: Allow %j, Deny %j: %s', (order, allow, deny, expected) => {
    expect(evaluateHostAccess(access(order, allow, deny), factsOf())).toBe(expected);
  });
});
