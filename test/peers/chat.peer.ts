import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Browser } from './browser.js';
import { chromium, projectRoot } from './installed.js';
import { findFreePort, makeFolder, type RunningServer, removeFolder, startServer } from './server.js';

/** Two tabs of a real browser talk to each other over Socket.IO. */
describe.skipIf(chromium === undefined)('A Socket.IO chat in a real browser', () => {
  const app = join(projectRoot, 'test/peers/apps/chat.mjs');
  let folder: string;
  let server: RunningServer;
  let elsewhere: ChildProcess;
  let browser: Browser;

  beforeAll(async () => {
    folder = makeFolder();
    writeFileSync(join(folder, 'users'), 'alice:{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ=\n');
    const port = await findFreePort();
    elsewhere = spawn(process.execPath, [app], { env: { ...process.env, CHAT_PORT: String(port) } });
    server = await startServer(
      'modhost',
      `
WSGIDaemonProcess chat
WSGIScriptAlias /chat ${app} process-group=chat application-group=%{GLOBAL}
WSGIScriptAlias /private ${app} process-group=chat application-group=%{GLOBAL}
ProxyPass /elsewhere/ http://127.0.0.1:${port}/ upgrade=websocket
<Location />
Require all granted
</Location>
<Location /private>
AuthType Basic
AuthName private
AuthUserFile ${folder}/users
Require valid-user
</Location>`,
      folder,
    );
    browser = await Browser.start(folder);
  });
  afterAll(async () => {
    await browser?.stop();
    await server?.stop();
    const ended = once(elsewhere, 'exit');
    elsewhere.kill();
    await ended;
    removeFolder(folder);
  });

  it.each([
    ['hosted', '/chat/', 'websocket', 'anybody'],
    ['hosted, by polling', '/chat/?polling', 'polling', 'anybody'],
    ['hosted behind AuthType Basic', '/private/', 'websocket', 'alice'],
    ['hosted behind AuthType Basic, by polling', '/private/?polling', 'polling', 'alice'],
    ['on another server', '/elsewhere/', 'websocket', 'anybody'],
  ])('%s', async (_name, path, transport, user) => {
    const credentials = path.startsWith('/private') ? 'alice:secret@' : '';
    const url = `http://${credentials}127.0.0.1:${server.port}${path}`;
    const [one, other] = await Promise.all([browser.open(url), browser.open(url)]);
    const wait = { timeout: 20_000 };
    await expect.poll(() => one.read('document.title'), wait).toBe(`connected by ${transport}`);
    await expect.poll(() => other.read('document.title'), wait).toBe(`connected by ${transport}`);
    await one.read("chat.emit('say', 'one \\u20ac')");
    await expect.poll(() => other.read('said.innerText'), wait).toBe(`${user}: one \u20ac`);
    await other.read("chat.emit('say', 'two')");
    await expect.poll(() => one.read('said.innerText'), wait).toBe(`${user}: one \u20ac\n${user}: two`);
    one.close();
    other.close();
  });

  it('is closed to a browser without the password', async () => {
    const tab = await browser.open(`http://localhost:${server.port}/private/`);
    await expect.poll(() => tab.read('document.readyState')).toBe('complete');
    expect(await tab.read('document.title')).not.toContain('connected');
    tab.close();
  });
});
