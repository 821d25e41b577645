import { describe, expect, it } from 'vitest';
import type { Facts } from '../../src/auth/facts.js';
import { evaluateRequirement } from '../../src/auth/requirement.js';
import type { Requirement } from '../../src/config/model.js';
import {
  any,
  denied,
  every,
  factsOf,
  granted,
  group,
  host,
  ip,
  none,
  not,
  user,
  validUser,
  wsgiGroup,
} from './requests.js';

const here = ip('192.0.2.0/24');
const elsewhere = ip('10.0.0.0/8');

/** Outcome for nobody, for bob (group staff by file, editors by script) and for amy (no groups). */
const rows: [string, Requirement, string, string, string][] = [
  ['all granted', granted, 'granted', 'granted', 'granted'],
  ['all denied', denied, 'denied', 'denied', 'denied'],
  ['valid-user', validUser, 'needs-user', 'granted', 'granted'],
  ['user bob', user('bob'), 'needs-user', 'granted', 'denied'],
  ['user without names', user(), 'needs-user', 'denied', 'denied'],
  ['user bob carl', user('carl', 'bob'), 'needs-user', 'granted', 'denied'],
  ['user Bob', user('Bob'), 'needs-user', 'denied', 'denied'],
  ['group staff', group('staff'), 'needs-user', 'granted', 'denied'],
  ['group editors: not in the file', group('editors'), 'needs-user', 'denied', 'denied'],
  ['wsgi-group editors', wsgiGroup('x', 'editors'), 'needs-user', 'granted', 'denied'],
  ['ip here', here, 'granted', 'granted', 'granted'],
  ['ip elsewhere', elsewhere, 'denied', 'denied', 'denied'],
  ['any of nothing', any(), 'neutral', 'neutral', 'neutral'],
  ['every of nothing', every(), 'neutral', 'neutral', 'neutral'],
  ['ip here or valid-user', any(here, validUser), 'granted', 'granted', 'granted'],
  ['valid-user or ip here', any(validUser, here), 'granted', 'granted', 'granted'],
  ['ip elsewhere or valid-user', any(elsewhere, validUser), 'needs-user', 'granted', 'granted'],
  ['valid-user or ip elsewhere', any(validUser, elsewhere), 'needs-user', 'granted', 'granted'],
  ['ip here and valid-user', every(here, validUser), 'needs-user', 'granted', 'granted'],
  ['valid-user and ip elsewhere', every(validUser, elsewhere), 'denied', 'denied', 'denied'],
  ['valid-user and not bob', every(validUser, not(user('bob'))), 'needs-user', 'denied', 'granted'],
  ['not bob and valid-user', every(not(user('bob')), validUser), 'needs-user', 'denied', 'granted'],
  ['valid-user and none of bob', every(validUser, none(user('bob'))), 'needs-user', 'denied', 'granted'],
  ['valid-user and not staff', every(validUser, not(group('staff'))), 'needs-user', 'denied', 'granted'],
  ['not ip here and valid-user', every(not(here), validUser), 'denied', 'denied', 'denied'],
  [
    'granted and not bob: nobody has to say who he is',
    every(granted, not(user('bob'))),
    'granted',
    'denied',
    'granted',
  ],
  ['granted and none of valid-user', every(granted, none(validUser)), 'granted', 'denied', 'denied'],
  ['not ip elsewhere alone says nothing', every(not(elsewhere)), 'neutral', 'neutral', 'neutral'],
  ['not not granted', not(not(granted)), 'neutral', 'neutral', 'neutral'],
  [
    'nested',
    any(elsewhere, every(here, any(user('amy'), group('staff')))),
    'needs-user',
    'granted',
    'granted',
  ],
  [
    'nested, denied for all',
    any(every(here, denied), every(denied, validUser)),
    'denied',
    'denied',
    'denied',
  ],
];

const settings = {
  authGroupFile: '/groups',
  authGroupScript: { file: '/a.py', position: { file: 's', line: 1 } },
};
const bob = factsOf({}, { user: 'bob', fileGroups: new Set(['staff']), scriptGroups: new Set(['editors']) });
const amy = factsOf({}, { user: 'amy', fileGroups: new Set(), scriptGroups: new Set() });

describe('evaluateRequirement', () => {
  it.each(rows)('%s', (_, requirement, forNobody, forBob, forAmy) => {
    expect(evaluateRequirement(requirement, settings, factsOf())).toBe(forNobody);
    expect(evaluateRequirement(requirement, settings, bob)).toBe(forBob);
    expect(evaluateRequirement(requirement, settings, amy)).toBe(forAmy);
  });

  it('asks for groups only when it comes to them', () => {
    const onlyUser = factsOf({}, { user: 'bob' });
    const ask = (requirement: Requirement) => evaluateRequirement(requirement, settings, onlyUser);
    expect(ask(group('staff'))).toBe('ask-group-file');
    expect(ask(wsgiGroup('editors'))).toBe('ask-group-script');
    expect(ask(any(user('bob'), group('staff')))).toBe('granted');
    expect(ask(every(user('amy'), wsgiGroup('editors')))).toBe('denied');
    expect(ask(every(validUser, not(none(group('staff')))))).toBe('ask-group-file');
  });

  it('asks the group script for Require group when there is no group file', () => {
    const { authGroupScript } = settings;
    expect(evaluateRequirement(group('editors'), { authGroupScript }, bob)).toBe('granted');
    expect(evaluateRequirement(group('staff'), { authGroupScript }, bob)).toBe('denied');
    expect(evaluateRequirement(group('staff'), {}, factsOf({}, { user: 'bob' }))).toBe('ask-group-file');
  });

  it.each<[string, Requirement]>([
    ['group', group('staff')],
    ['not group', not(group('staff'))],
    ['valid-user and not group', every(validUser, not(group('staff')))],
    ['valid-user and none of group', every(validUser, none(group('staff'), user('x')))],
    ['not none of group', every(granted, not(none(group('staff'))))],
    ['group or user amy', any(group('staff'), user('amy'))],
  ])('never grants on groups that cannot be known: %s', (_, requirement) => {
    const facts = factsOf({}, { user: 'bob', fileGroups: 'fault' });
    expect(evaluateRequirement(requirement, settings, facts)).toBe('fault');
  });

  it('grants what does not depend on groups that cannot be known', () => {
    const facts = factsOf({}, { user: 'bob', fileGroups: 'fault' });
    expect(evaluateRequirement(any(group('staff'), user('bob')), settings, facts)).toBe('granted');
  });

  it('compares names of the site file with the bytes of the client', () => {
    const facts = factsOf({}, { user: 'bj\xc3\xb6rn', fileGroups: new Set(['caf\xc3\xa9']) });
    expect(evaluateRequirement(user('björn'), settings, facts)).toBe('granted');
    expect(evaluateRequirement(group('café'), settings, facts)).toBe('granted');
  });
});

describe('Require ip', () => {
  it.each<[string, string, string]>([
    ['10.1.2.3', '10.0.0.0/8', 'granted'],
    ['11.1.2.3', '10.0.0.0/8', 'denied'],
    ['10.1.2.3', '10.1.2.3/32', 'granted'],
    ['10.1.2.4', '10.1.2.3/32', 'denied'],
    ['192.0.2.1', '0.0.0.0/0', 'granted'],
    ['::ffff:10.1.2.3', '10.0.0.0/8', 'granted'],
    ['::ffff:a01:203', '10.0.0.0/8', 'granted'],
    ['10.1.2.3', '::ffff:10.0.0.0/104', 'granted'],
    ['11.1.2.3', '::ffff:10.0.0.0/104', 'denied'],
    ['2001:db8::1', '2001:db8::/32', 'granted'],
    ['2001:db9::1', '2001:db8::/32', 'denied'],
    ['::1', '127.0.0.0/8', 'denied'],
    ['::1', '0.0.0.0/0', 'denied'],
    ['127.0.0.1', '::/0', 'denied'],
    ['fe80::1%eth0', 'fe80::/10', 'granted'],
    ['', '0.0.0.0/0', 'fault'],
    ['unix:', '0.0.0.0/0', 'fault'],
    ['10.1.2.3, 1.1.1.1', '10.0.0.0/8', 'fault'],
    ['10.1.2.3', 'nonsense/8', 'denied'],
  ])('%j in %s: %s', (address, range, expected) => {
    expect(evaluateRequirement(ip(range), {}, factsOf({ address }))).toBe(expected);
  });

  it('does not grant by negation what it cannot read', () => {
    const outcome = evaluateRequirement(every(granted, not(elsewhere)), {}, factsOf({ address: '?' }));
    expect(outcome).toBe('fault');
  });
});

describe('Require host', () => {
  // As recorded from httpd with these names in its hosts file.
  it.each<[string, string, string]>([
    ['example.com', 'example.com', 'granted'],
    ['www.Example.com', 'example.com', 'granted'],
    ['badexample.com', 'example.com', 'denied'],
    ['www.example.com', '.example.com', 'granted'],
    ['example.com', '.example.com', 'denied'],
    ['example.com', 'EXAMPLE.com', 'granted'],
    ['example.com', 'com', 'granted'],
    ['example.com', 'www.example.com', 'denied'],
    ['example.com', 'example.com.', 'denied'],
    ['example.com', 'mple.com', 'denied'],
    ['www.example.com', '*.example.com', 'denied'],
    ['example.com.evil.net', 'example.com', 'denied'],
  ])('%s for %s: %s', (name, domain, expected) => {
    expect(evaluateRequirement(host(domain), {}, factsOf({}, { clientName: { name } }))).toBe(expected);
  });

  it('asks for the name only when it comes to it', () => {
    expect(evaluateRequirement(any(here, host('example.com')), {}, factsOf())).toBe('granted');
    expect(evaluateRequirement(every(elsewhere, host('example.com')), {}, factsOf())).toBe('denied');
    expect(evaluateRequirement(host('example.com'), {}, factsOf())).toBe('ask-client-name');
    expect(evaluateRequirement(host('example.com'), {}, factsOf({}, { clientName: 'none' }))).toBe('denied');
  });

  it.each<[string, Requirement, string]>([
    ['host', host('example.com'), 'fault'],
    ['granted and not host', every(granted, not(host('example.com'))), 'fault'],
    ['granted and none of host and valid-user', every(granted, none(host('x.com'), validUser)), 'fault'],
    ['granted and none of valid-user and host', every(granted, none(validUser, host('x.com'))), 'fault'],
    ['granted and not any of both', every(granted, not(any(validUser, host('x.com')))), 'fault'],
    ['host or valid-user: a user may still come', any(host('x.com'), validUser), 'needs-user'],
  ])('a name that cannot be known lets nobody in: %s', (_, requirement, expected) => {
    const facts = factsOf({}, { clientName: 'fault' });
    expect(evaluateRequirement(requirement, {}, facts)).toBe(expected);
  });
});

describe('Require expr', () => {
  const expr = (asksUser: boolean): Requirement => ({
    kind: 'expr',
    condition: { kind: 'constant', value: true },
    text: 'true',
    asksUser,
    position: { file: 'site.conf', line: 1 },
  });
  /** The expression holds for bob only. */
  const holds: Facts['holds'] = (_, name) => name === 'bob';

  it.each([
    ['that speaks of the user lets him authenticate', expr(true), 'needs-user', 'granted', 'denied'],
    ['that does not denies at once', expr(false), 'denied', 'granted', 'denied'],
    [
      'negated, says nothing of who is not there',
      every(granted, not(expr(true))),
      'granted',
      'denied',
      'granted',
    ],
  ])('%s', (_, requirement, forNobody, forBob, forAmy) => {
    expect(evaluateRequirement(requirement, {}, factsOf({}, { holds }))).toBe(forNobody);
    expect(evaluateRequirement(requirement, {}, { ...bob, holds })).toBe(forBob);
    expect(evaluateRequirement(requirement, {}, { ...amy, holds })).toBe(forAmy);
  });

  it('that cannot be evaluated grants to nobody, also when negated', () => {
    expect(evaluateRequirement(expr(true), {}, bob)).toBe('fault');
    expect(evaluateRequirement(every(granted, not(expr(false))), {}, factsOf())).toBe('fault');
    expect(evaluateRequirement(every(granted, none(validUser, expr(true))), {}, factsOf())).toBe('fault');
  });
});
