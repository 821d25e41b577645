import { describe, expect, it } from 'vitest';
import type { DirectorySettings, ScriptAlias } from '../../src/config/model.js';
import type { ScriptMapping } from '../../src/routing/index.js';
import { keepsAll } from '../../src/server/dispatch-request.js';
import type { Exchange } from '../../src/server/exchange.js';
import { findApplication } from '../../src/server/find-application.js';
import { RequestEnvironment } from '../../src/server/request-environment.js';
import { scriptAlias } from '../routing/site.js';

const site = {
  software: 'modhost',
  config: { embeddedGroup: {} },
  processGroups: { groups: new Map(), virtualHosts: new Map(), restrictEmbedded: false },
};

interface Asked {
  readonly host?: string;
  readonly port?: number;
}

/** Finds the application of one mount, as often as it is asked. */
function mount(options: Partial<ScriptAlias>, serverName?: { readonly host: string }) {
  const settings: DirectorySettings = {};
  const virtualHost = { id: 0, settings: {}, ...(serverName === undefined ? {} : { serverName }) };
  const mapping: ScriptMapping = {
    kind: 'script',
    scriptFile: '/app.py',
    scriptName: '/app',
    pathInfo: '',
    alias: scriptAlias('/app', '/app.py', options),
  };
  return ({ host = 'a.test', port = 80 }: Asked) => {
    const exchange = {
      ...{ site, settings, virtualHost, host: { host }, environment: new RequestEnvironment() },
      record: { connection: { localAddress: '192.0.2.1', localPort: port } },
    };
    const application = findApplication(exchange as unknown as Exchange, mapping, keepsAll);
    if (application.kind === 'refusal') throw new Error(application.log?.text);
    return application;
  };
}

const manyHosts = Array.from({ length: 40 }, (_, number) => `h${number}.test`);

describe('what is kept of a mount', () => {
  it.each([undefined, '%{RESOURCE}', '%{SERVER}', '%{GLOBAL}', 'name'])(
    'holds for every host that clients name, where the group is %s',
    (applicationGroup) => {
      const find = mount(applicationGroup === undefined ? {} : { applicationGroup });
      expect(new Set(manyHosts.map((host) => find({ host }))).size).toBe(1);
    },
  );

  it('holds for one host where that names the group', () => {
    const find = mount({ applicationGroup: '%{HOST}' });
    const groups = manyHosts.map((host) => find({ host }).selection.applicationGroup);
    expect(groups).toEqual(manyHosts);
    expect(find({ host: 'h39.test' })).toBe(find({ host: 'h39.test' }));
  });

  it('is all but the oldest when there is one too many', () => {
    const find = mount({ applicationGroup: '%{HOST}' });
    const first = manyHosts.slice(0, 16).map((host) => find({ host }));
    find({ host: 'one.more' });
    const again = manyHosts.slice(1, 16).map((host) => find({ host }));
    for (const [at, application] of again.entries()) expect(application).toBe(first[at + 1]);
    expect(find({ host: 'h0.test' })).not.toBe(first[0]);
  });

  it('holds for one port where the server has no name of its own', () => {
    const find = mount({ applicationGroup: '%{SERVER}' });
    const groupOn = (port: number) => find({ port }).selection.applicationGroup;
    expect([80, 8080, 80].map(groupOn)).toEqual(['192.0.2.1', '192.0.2.1:8080', '192.0.2.1']);
  });
});
