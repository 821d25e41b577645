import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createHostNames, type Resolver } from '../../src/auth/host-names.js';
import { type Authorizer, createAuthorizer } from '../../src/auth/index.js';
import { loadConfig } from '../../src/config/index.js';
import type { ServerConfig } from '../../src/config/model.js';
import { createRouter } from '../../src/routing/index.js';
import { type AccessCase, placeSiteFile, prepareRoot, readAccessTables } from './access-cases.js';
import { request, summarise, unaskedPorts } from './requests.js';

/** As on a machine whose hosts file has one line, without DNS. */
const oneHost: Resolver = {
  reverse: async (address) => (address === '127.0.0.1' ? 'localhost' : await refuseLookup()),
  forward: async (name) => (name === 'localhost' ? ['127.0.0.1'] : await refuseLookup()),
};

function refuseLookup(): Promise<never> {
  return Promise.reject(Object.assign(new Error('not found'), { code: 'ENOTFOUND' }));
}

/** From the text of a site file to the decision, without a server. */
describe.each(readAccessTables())('$name', (table) => {
  let root: string;
  let config: ServerConfig;
  let authorizer: Authorizer;

  beforeAll(() => {
    root = mkdtempSync(join(tmpdir(), 'modhost-access-'));
    prepareRoot(root);
    const start = `Listen 8080\nAliasMatch ^ ${root}/htdocs/page\n`;
    writeFileSync(join(root, 'site.conf'), start + placeSiteFile(table, root));
    const loaded = loadConfig({ file: 'site.conf', serverRoot: root, environment: {} });
    if (loaded.config === undefined) throw new Error(JSON.stringify(loaded.mistakes));
    config = loaded.config;
    authorizer = createAuthorizer(unaskedPorts, undefined, createHostNames(oneHost));
  });
  afterAll(() => rmSync(root, { recursive: true }));

  it.each(table.cases)('$line', async (row) => {
    const { settings } = createRouter(config).route(config.mainServer, row.path);
    const verdict = await authorizer.decide(requestOf(row), settings);
    expect(summarise(verdict).replace('granted', 'in').replace('in ', 'in as ')).toBe(row.expected);
  });
});

function requestOf({ method, address, credentials, variables }: AccessCase) {
  return request({ method, address, variables, ...(credentials === undefined ? {} : { credentials }) });
}
