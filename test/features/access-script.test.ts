import { copyFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { projectRoot } from '../peers/installed.js';
import { makeFolder, type RunningServer, removeFolder, startServer } from '../peers/server.js';

describe('WSGIAccessScript', () => {
  let folder: string;
  let server: RunningServer;

  beforeAll(async () => {
    folder = makeFolder();
    for (const name of ['login.py', 'login.mjs'])
      copyFileSync(join(projectRoot, 'test/features/apps', name), join(folder, name));
    server = await startServer(
      'modhost',
      `
WSGIDaemonProcess app
WSGIScriptAlias /py ${folder}/login.py process-group=app
WSGIScriptAlias /js ${folder}/login.mjs process-group=app
<Location /py>
    WSGIAccessScript ${folder}/login.py
    Require all granted
</Location>
<Location /js>
    WSGIAccessScript ${folder}/login.mjs process-group=app application-group=own
    Require all granted
</Location>
<LocationMatch ^/../denied>
    Require all denied
</LocationMatch>
<LocationMatch ^/../login>
    AuthType Basic
    AuthName area
    AuthBasicProvider wsgi
    WSGIAuthUserScript ${folder}/login.py
    Require valid-user
</LocationMatch>
<LocationMatch ^/../any>
    Order allow,deny
    Allow from all
    Satisfy Any
</LocationMatch>
<LocationMatch ^/../gone>
    WSGIAccessScript ${folder}/not-there.py
</LocationMatch>`,
      folder,
    );
  });
  afterAll(async () => {
    await server?.stop();
    removeFolder(folder);
  });

  const statusOf = async (path: string, credentials?: string) => {
    const authorization = `Basic ${Buffer.from(credentials ?? '').toString('base64')}`;
    const headers: Record<string, string> = credentials === undefined ? {} : { authorization };
    return (await fetch(server.origin + path, { headers })).status;
  };

  it.each(['/py', '/js'])('asks allow_access of %s', async (path) => {
    expect(await statusOf(`${path}/?open`)).toBe(200);
    expect(await statusOf(`${path}/?none`)).toBe(200);
    expect(await statusOf(`${path}/?host`)).toBe(200);
    expect(await statusOf(`${path}/?closed`)).toBe(403);
    expect(await statusOf(`${path}/?odd`)).toBe(403);
    expect(await statusOf(`${path}/?raise`)).toBe(403);
    expect(await statusOf(`${path}/gone?open`)).toBe(403);
  });

  it.each(['/py', '/js'])('opens nothing that is closed besides: %s', async (path) => {
    expect(await statusOf(`${path}/denied?open`)).toBe(403);
    expect(await statusOf(`${path}/login?open`)).toBe(401);
    expect(await statusOf(`${path}/login?open`, 'alice:wonderland')).toBe(200);
    expect(await statusOf(`${path}/login?closed`, 'alice:wonderland')).toBe(403);
    expect(await statusOf(`${path}/any?closed`)).toBe(403);
  });

  it('tells the log why', async () => {
    await statusOf('/py/?closed');
    await server.logged('WSGI0057: client denied by server configuration: /py/');
    await statusOf('/py/gone?open');
    await server.logged(`allow_access of ${folder}/not-there.py: `);
  });
});
