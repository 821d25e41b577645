import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { prepareRoot } from '../auth/access-cases.js';
import { makeFolder, type RunningServer, removeFolder, startServer } from '../peers/server.js';

/** What takes a real connection, name lookups or a log; `test/auth/access` has the rules themselves. */
describe('access by where a client comes from', () => {
  let folder: string;
  let server: RunningServer;

  beforeAll(async () => {
    folder = makeFolder();
    prepareRoot(folder);
    server = await startServer(
      'modhost',
      `
AliasMatch ^ ${join(folder, 'htdocs/page')}
<Location />
    AuthType Basic
    AuthName Private
    AuthUserFile ${folder}/htpasswd
    Require all granted
</Location>
<Location /old>
    Order deny,allow
    Deny from 127.0.0.9
    Deny from env=late
    SetEnv late 1
</Location>
<Location /any>
    Order allow,deny
    Allow from 127.0.0.9
    Require valid-user
    Satisfy Any
</Location>
<Location /named>
    Order allow,deny
    Allow from localhost
</Location>
<Location /local>
    Require local
</Location>
<Location /posts>
    <LimitExcept GET OPTIONS>
        Require user bob
    </LimitExcept>
    AuthzSendForbiddenOnFailure On
</Location>`,
      folder,
    );
  });
  afterAll(async () => {
    await server?.stop();
    removeFolder(folder);
  });

  it.each([
    ['GET', '/old', '127.0.0.1', undefined, 200],
    ['GET', '/old', '127.0.0.9', undefined, 403],
    ['GET', '/old', '127.0.0.9', 'bob:secret', 403],
    ['GET', '/any', '127.0.0.9', undefined, 200],
    ['GET', '/any', '127.0.0.1', undefined, 401],
    ['GET', '/any', '127.0.0.1', 'bob:secret', 200],
    ['GET', '/named', '127.0.0.1', undefined, 200],
    ['GET', '/local', '127.0.0.9', undefined, 200],
    ['HEAD', '/posts', '127.0.0.1', undefined, 200],
    ['POST', '/posts', '127.0.0.1', undefined, 401],
    ['PURGE', '/posts', '127.0.0.1', undefined, 401],
    ['POST', '/posts', '127.0.0.1', 'amy:secret', 403],
  ])('%s %s from %s as %s: %i', async (method, path, localAddress, credentials, status) => {
    const { port } = server;
    const sent = request({ port, host: '127.0.0.1', method, path, localAddress, auth: credentials });
    sent.end();
    const [response] = (await once(sent, 'response')) as [IncomingMessage];
    response.resume();
    expect(response.statusCode).toBe(status);
    expect(response.headers['www-authenticate']).toBe(status === 401 ? 'Basic realm="Private"' : undefined);
  });

  it('says in the log who was kept out by what', async () => {
    await server.logged('[access_compat:error]');
    await server.logged('AH01797: client denied by server configuration: /old');
    await server.logged('AH01631: user amy: authorization failure for "/posts"');
  });
});
