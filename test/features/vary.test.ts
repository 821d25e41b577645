import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeFolder, type RunningServer, removeFolder, startServer } from '../peers/server.js';

/** Caches must learn which headers of a request had a say; `test/peers/differential/vary.txt` asks Apache the same. */
describe('Vary', () => {
  let folder: string;
  let server: RunningServer;

  beforeAll(async () => {
    folder = makeFolder();
    mkdirSync(join(folder, 'site'));
    for (const name of ['role', 'novary', 'if', 'rule', 'made', 'page'])
      writeFileSync(join(folder, 'site', name), name);
    const site = `
DocumentRoot ${folder}/site
<Directory ${folder}/site>
    Require all granted
    RewriteEngine On
    RewriteCond expr "req('X-Rule') == 'y' || req_novary('X-Quiet') == 'y' || %{HTTP_COOKIE} == 'y'"
    RewriteRule ^rule$ - [E=seen:1]
</Directory>
<Location /role>
    Require expr %{HTTP:X-Role} == 'admin' || %{HTTP_HOST} == 'none'
    ErrorDocument 403 /page
</Location>
<Location /novary>
    Require expr req_novary('X-Role') == 'admin'
</Location>
<Location /if>
    <If "%{HTTP:X-Role} == 'admin' || %{HTTP_USER_AGENT} == 'a'">
        Header set X-If "expr=%{HTTP:X-Text}"
    </If>
    Header set X-More yes "expr=%{HTTP:X-More} == 'y'"
</Location>
<Location /made>
    Require expr req('%{QUERY_STRING}') != 'y'
</Location>
`;
    const identity = process.getuid?.() === 0 ? 'User nobody\nGroup nogroup\n' : '';
    server = await startServer('modhost', `${identity}${site}`, folder);
  });
  afterAll(async () => {
    await server?.stop();
    removeFolder(folder);
  });

  it.each<[what: string, path: string, headers: Record<string, string>, status: number, vary: string | null]>(
    [
      ['names what Require expr has read, without Host', '/role', { 'x-role': 'admin' }, 200, 'X-Role'],
      ['is not on a refusal, nor on its page', '/role', {}, 403, null],
      ['leaves out what req_novary has read', '/novary', { 'x-role': 'admin' }, 200, null],
      ['names what <If> and the conditions of Header have read', '/if', {}, 200, 'X-Role,User-Agent, X-More'],
      ['names only what was read', '/if', { 'x-role': 'admin' }, 200, 'X-Role, X-More'],
      ['names what RewriteCond expr has read', '/rule', { 'x-rule': 'y' }, 200, 'X-Rule'],
      ['names the header of a variable', '/rule', { cookie: 'y' }, 200, 'X-Rule,Cookie'],
      ['takes a name from the client', '/made?X-Q', {}, 200, 'X-Q'],
      ['takes nothing from the client that is no name', '/made?X:y,z', {}, 200, null],
    ],
  )('%s', async (_, path, headers, status, vary) => {
    const answer = await fetch(server.origin + path, { headers });
    await answer.arrayBuffer();
    expect([answer.status, answer.headers.get('vary')]).toEqual([status, vary]);
  });
});
