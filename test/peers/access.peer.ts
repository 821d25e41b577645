import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type AccessCase, placeSiteFile, prepareRoot, readAccessTables } from '../auth/access-cases.js';
import { apache } from './installed.js';
import { makeFolder, type RunningServer, removeFolder, startServer } from './server.js';

/** The tables of `test/auth/access` are what real Apache does. */
describe.skipIf(apache === undefined)('access tables on Apache', () => {
  describe.each(readAccessTables())('$name', (table) => {
    let root: string;
    let server: RunningServer;

    beforeAll(async () => {
      root = makeFolder();
      prepareRoot(root);
      server = await startServer('Apache', `${preamble(root)}\n${placeSiteFile(table, root)}`, root);
    });
    afterAll(async () => {
      await server?.stop();
      removeFolder(root);
    });

    it.each(table.cases)('$line', async (row) => {
      expect(await ask(server.port, row)).toBe(row.expectedOfApache);
    });
  });
});

/** Every path is one file; clients say where they come from and which variables they want, and hear who they are. */
export function preamble(root: string): string {
  const modules = ['access_compat', 'headers', 'remoteip', 'setenvif'];
  return `
    ${modules.map((name) => `LoadModule ${name}_module ${apache?.modules}/mod_${name}.so`).join('\n')}
    DocumentRoot ${root}/htdocs
    AliasMatch ^ ${root}/htdocs/page
    RemoteIPHeader X-Client
    RemoteIPInternalProxy 127.0.0.1
    SetEnvIf X-Variables good good
    SetEnvIf X-Variables bad bad
    Header always set X-User expr=%{REMOTE_USER}`;
}

export async function ask(port: number, row: AccessCase): Promise<string> {
  const headers = {
    'X-Client': row.address,
    'X-Variables': row.variables.join(),
    ...(row.credentials === undefined
      ? {}
      : { Authorization: `Basic ${Buffer.from(row.credentials).toString('base64')}` }),
  };
  const { method, path } = row;
  const sent = request({ port, host: '127.0.0.1', method, path, headers, agent: false });
  sent.end();
  const [response] = (await once(sent, 'response')) as [IncomingMessage];
  response.resume();
  const { statusCode = 0 } = response;
  if ([401, 403, 500].includes(statusCode)) return String(statusCode);
  const user = response.headers['x-user'] ?? '';
  return user === '' || user === '(null)' ? 'in' : `in as ${user}`;
}
