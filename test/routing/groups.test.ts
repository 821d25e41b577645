import { describe, expect, it } from 'vitest';
import type { DirectorySettings, ProcessGroup, ScriptAlias, ServerConfig } from '../../src/config/model.js';
import {
  type ApplicationFacts,
  buildProcessGroupTable,
  type Route,
  runtimeOf,
  selectApplication,
  selectionDependsOn,
} from '../../src/routing/index.js';
import { makeProcessGroup } from '../cli/sample-config.js';
import { host, namedHost, scriptAlias, site } from './site.js';

function group(name: string, virtualHostId = 0): ProcessGroup {
  return makeProcessGroup(name, { virtualHostId });
}

const hosts = [
  namedHost(1, 'one.example'),
  namedHost(2, 'two.example'),
  namedHost(3, 'one.example', ['*:443']),
];
const config = site(host(0), hosts, {
  processGroups: [group('shared'), group('ofone', 1), group('one.example:8080'), group('gr\u00fcn')],
});

const usualFacts: ApplicationFacts = {
  serverName: 'one.example',
  serverPort: 80,
  hostName: 'asked.example',
  scriptName: '/app',
  requestEnvironment: (name) =>
    new Map([
      ['GROUP', 'shared'],
      ['GLOBAL', '%{GLOBAL}'],
      ['NESTED', '%{ENV:GROUP}'],
      ['EMPTY', ''],
      ['CALL', 'other'],
    ]).get(name),
};

interface Choice {
  readonly settings?: DirectorySettings;
  readonly options?: Partial<ScriptAlias>;
  readonly facts?: Partial<ApplicationFacts>;
  readonly hostId?: number;
  readonly config?: ServerConfig;
}

function select({ settings = {}, options, facts, hostId = 1, config: other = config }: Choice) {
  const virtualHost =
    [other.mainServer, ...other.virtualHosts].find(({ id }) => id === hostId) ?? other.mainServer;
  const alias = options && scriptAlias('/app', '/s/a.wsgi', options);
  const route: Route = {
    virtualHost,
    settings,
    variables: [],
    accessed: { filename: '/s/a.wsgi', pathInfo: '', contextPrefix: '', contextDocumentRoot: '' },
    mapping: {
      kind: 'script',
      scriptFile: '/s/a.wsgi',
      scriptName: '/app',
      pathInfo: '',
      ...(alias && { alias }),
    },
  };
  return selectApplication(route, { ...usualFacts, ...facts }, buildProcessGroupTable(other));
}

describe('selectApplication', () => {
  it("has mod_wsgi's defaults", () => {
    expect(select({})).toEqual({
      kind: 'selected',
      processGroup: '',
      applicationGroup: 'one.example|/app',
      callableObject: 'application',
      passAuthorization: false,
      scriptReloading: true,
      applicationInterface: 'auto',
    });
  });

  it('takes the settings, and the options of the alias before them', () => {
    const settings: DirectorySettings = {
      processGroup: 'shared',
      applicationGroup: 's',
      callableObject: 's',
      passAuthorization: true,
      scriptReloading: false,
      applicationInterface: 'node',
    };
    expect(select({ settings, options: {} })).toMatchObject({ ...settings, kind: 'selected' });
    const options = {
      processGroup: '%{GLOBAL}',
      applicationGroup: 'a',
      callableObject: 'c',
      passAuthorization: false,
      applicationInterface: 'fetch',
    } as const;
    expect(select({ settings, options })).toMatchObject({
      ...options,
      processGroup: '',
      scriptReloading: false,
    });
  });

  it.each([
    ['nothing', { processGroup: 'name', applicationGroup: '%{GLOBAL}' }],
    ['names', { processGroup: 'name' }],
    ['names', { processGroup: 'name', applicationGroup: '%{SERVER}' }],
    ['host', { processGroup: 'name', applicationGroup: '%{HOST}' }],
    ['host', { processGroup: '%{HOST}' }],
    ['host', { processGroup: '%{SERVER}', applicationGroup: '%{HOST}' }],
    ['request', { processGroup: '%{HOST}', applicationGroup: '%{ENV:GROUP}' }],
    ['names', { processGroup: '%{SERVER}', applicationGroup: 'name' }],
    ['request', { processGroup: '%{ENV:GROUP}', applicationGroup: '%{GLOBAL}' }],
    ['request', { processGroup: 'name', applicationGroup: '%{ENV:GROUP}' }],
    ['request', { applicationGroup: '%{GLOBAL}', callableObject: '%{ENV:NAME}' }],
    ['request', { processGroup: 'name', applicationGroup: 'x%{unknown}' }],
  ])('depends on %s with %j', (dependsOn, settings) => {
    expect(selectionDependsOn(settings, undefined)).toBe(dependsOn);
  });

  it.each<[string, Partial<ApplicationFacts>, string]>([
    ['%{GLOBAL}', {}, ''],
    ['name', {}, 'name'],
    ['gr\u00fcn', {}, 'gr\xc3\xbcn'],
    ['%{SERVER}', {}, 'one.example'],
    ['%{SERVER}', { serverPort: 443 }, 'one.example'],
    ['%{SERVER}', { serverPort: 8080 }, 'one.example:8080'],
    ['%{HOST}', {}, 'asked.example'],
    ['%{HOST}', { serverPort: 8080 }, 'asked.example:8080'],
    ['%{HOST}', { hostName: '' }, 'one.example'],
    ['%{RESOURCE}', { scriptName: '' }, 'one.example|'],
    ['%{RESOURCE}', { scriptName: '/caf\xc3\xa9', serverPort: 8080 }, 'one.example:8080|/caf\xc3\xa9'],
    ['%{ENV:GROUP}', {}, 'shared'],
    ['%{ENV:GLOBAL}', {}, ''],
    ['%{ENV:EMPTY}', {}, ''],
    ['%{ENV:NESTED}', {}, '%{ENV:GROUP}'],
    ['%{ENV:UNKNOWN}', {}, '%{ENV:UNKNOWN}'],
    ['x%{GLOBAL}', {}, 'x%{GLOBAL}'],
    ['%{global}', {}, '%{global}'],
  ])('application group %s with %j is %j', (applicationGroup, facts, expected) => {
    expect(select({ settings: { applicationGroup }, facts })).toMatchObject({ applicationGroup: expected });
  });

  it.each<[string, Partial<ApplicationFacts>, string]>([
    ['shared', {}, 'shared'],
    ['gr\u00fcn', {}, 'gr\u00fcn'],
    ['%{ENV:GROUP}', {}, 'shared'],
    ['%{ENV:GLOBAL}', {}, ''],
    ['%{SERVER}', { serverPort: 8080 }, 'one.example:8080'],
  ])('process group %s with %j is %j', (processGroup, facts, expected) => {
    expect(select({ settings: { processGroup }, facts })).toMatchObject({
      kind: 'selected',
      processGroup: expected,
    });
  });

  it('expands %{ENV:x} for the callable, and nothing else', () => {
    expect(select({ settings: { callableObject: '%{ENV:CALL}' } })).toMatchObject({
      callableObject: 'other',
    });
    expect(select({ settings: { callableObject: '%{GLOBAL}' } })).toMatchObject({
      callableObject: '%{GLOBAL}',
    });
  });

  it.each(['nobody', '%{ENV:UNKNOWN}', '%{ENV:NESTED}', '%{SERVER}'])(
    'refuses the unknown group %s',
    (processGroup) => {
      expect(select({ settings: { processGroup } })).toMatchObject({
        kind: 'refusal',
        status: 500,
        reason: expect.stringContaining('no daemon process group'),
      });
    },
  );

  it('shows a group of a virtual host only to those with the same ServerName', () => {
    const settings = { processGroup: 'ofone' };
    expect(select({ settings, hostId: 1 })).toMatchObject({ processGroup: 'ofone' });
    expect(select({ settings, hostId: 3 })).toMatchObject({ processGroup: 'ofone' });
    for (const hostId of [0, 2]) {
      const reason = expect.stringContaining('another ServerName');
      expect(select({ settings, hostId })).toMatchObject({ kind: 'refusal', status: 500, reason });
    }
  });

  it('does not take two missing ServerNames for the same', () => {
    const nameless = site(host(0), [host(1), host(2)], { processGroups: [group('g', 1)] });
    const settings = { processGroup: 'g' };
    expect(select({ settings, hostId: 1, config: nameless })).toMatchObject({ kind: 'selected' });
    expect(select({ settings, hostId: 2, config: nameless })).toMatchObject({ kind: 'refusal' });
  });

  it('refuses %{GLOBAL} under WSGIRestrictEmbedded', () => {
    const restricted = site(host(0), hosts, { processGroups: [group('shared')], restrictEmbedded: true });
    expect(select({ config: restricted })).toMatchObject({ kind: 'refusal', status: 500 });
    const settings = { processGroup: 'shared' };
    expect(select({ config: restricted, settings })).toMatchObject({ kind: 'selected' });
  });
});

describe('WSGIRestrictProcess', () => {
  const settings = (processGroup: string, allowedProcessGroups: readonly string[]) => ({
    settings: { processGroup, allowedProcessGroups },
  });

  it.each([
    ['shared', ['other', 'shared'], 'selected'],
    ['shared', ['other'], 'refusal'],
    ['shared', [''], 'refusal'],
    ['%{GLOBAL}', [''], 'selected'],
    ['%{GLOBAL}', ['shared'], 'refusal'],
    ['%{ENV:GROUP}', ['shared'], 'selected'],
    ['%{ENV:GROUP}', ['other'], 'refusal'],
  ])('%s among %j: %s', (name, allowed, kind) => {
    expect(select(settings(name, allowed))).toMatchObject(
      kind === 'refusal' ? { kind, status: 500 } : { kind },
    );
  });

  it('holds for the option of the alias too', () => {
    const options = { processGroup: 'shared' };
    expect(select({ ...settings('ofone', ['ofone']), options })).toMatchObject({ kind: 'refusal' });
  });
});

it('serves nothing in a group without threads', () => {
  const services = site(host(0), hosts, { processGroups: [{ ...group('service'), threads: 0 }] });
  const refusal = select({ settings: { processGroup: 'service' }, config: services });
  expect(refusal).toMatchObject({ kind: 'refusal', status: 500 });
});

describe('runtimeOf', () => {
  it.each([
    ['/s/a.py', '', 'python'],
    ['/s/a.wsgi', '#!/usr/bin/env node', 'python'],
    ['/s/a.WSGI', '', 'python'],
    ...['js', 'mjs', 'cjs', 'ts', 'mts', 'cts', 'JS'].map((extension) => [`/s/a.${extension}`, '', 'node']),
    ['/s/a.js', '#!/usr/bin/python3', 'node'],
    ['/s/site', '', 'python'],
    ['/s/site', '#!/usr/bin/env python3', 'python'],
    ['/s/site', '#!/usr/bin/env node', 'node'],
    ['/s/site', '#!/usr/bin/env -S node --flag', 'node'],
    ['/s/site', '#!/usr/local/bin/nodejs', 'node'],
    ['/s/site', '#!/opt/node/bin/python', 'python'],
    ['/s/site', '#!/opt/node-tools/run', 'python'],
    ['/s/site', 'node', 'python'],
    ['/s/site.fcgi', '', 'python'],
    ['/s/v1.js/site', '', 'python'],
    ['/s/.js', '', 'node'],
    ['/s/a.js.', '', 'python'],
    ['/s/js', '', 'python'],
  ])('%s %j → %s', (file, firstLine, runtime) => {
    expect(runtimeOf(file, firstLine)).toBe(runtime);
  });
});
