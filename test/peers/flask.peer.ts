import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BrowserSession } from './browser-session.js';
import { hasPython, projectRoot, venv } from './installed.js';
import { readMemory } from './memory.js';
import { hosts, makeFolder, type RunningServer, removeFolder, startServer } from './server.js';
import { sendUpload } from './upload.js';

const megabyte = 1024 * 1024;
const memoryLimit = 150 * megabyte;

describe.skipIf(!hasPython('flask')).each(hosts)('Flask on %s', (host) => {
  let folder: string;
  let server: RunningServer;

  beforeAll(async () => {
    folder = makeFolder();
    cpSync(join(projectRoot, 'test/peers/apps/flask'), join(folder, 'app'), { recursive: true });
    server = await startServer(host, siteFile(join(folder, 'app')), folder);
  });
  afterAll(async () => {
    await server?.stop();
    removeFolder(folder);
  });

  const expectSmall = () => {
    if (host !== 'modhost') return;
    const processes = readMemory(server.process.pid ?? 0);
    // A supervisor, at least one front end, a daemon process.
    expect(processes.length).toBeGreaterThanOrEqual(3);
    expect(processes.filter(({ peakBytes }) => peakBytes >= memoryLimit)).toEqual([]);
  };

  it('keeps a signed session in a cookie, below its mount', async () => {
    const browser = new BrowserSession(server.origin);
    await browser.get('/shop/visits');
    expect(await (await browser.get('/shop/visits')).json()).toEqual({ visits: 2, root: '/shop' });
    expect(await (await browser.get('/visits')).json()).toEqual({ visits: 3, root: '' });
  });

  it('sends each piece of a streaming response as soon as it is made', async () => {
    const response = await fetch(`${server.origin}/stream`);
    const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
    expect((await reader?.read())?.value).toBe('first\n');
    expect((await fetch(`${server.origin}/release`, { method: 'POST' })).status).toBe(204);
    expect((await reader?.read())?.value).toBe('second\n');
    expect((await reader?.read())?.done).toBe(true);
  });

  it('takes an upload of 100 MB in pieces, in little memory', async () => {
    const { status, text, sha256 } = await sendUpload(
      'PUT',
      `${server.origin}/upload`,
      100 * megabyte,
      'application/octet-stream',
    );
    expect(status).toBe(200);
    expect(JSON.parse(text)).toEqual({ length: 100 * megabyte, sha256 });
    expectSmall();
  });

  it('takes a form with a file of 100 MB, in little memory', async () => {
    const frame = {
      before:
        '--edge\r\nContent-Disposition: form-data; name="note"\r\n\r\nlarge\r\n' +
        '--edge\r\nContent-Disposition: form-data; name="file"; filename="large.bin"\r\n' +
        'Content-Type: application/octet-stream\r\n\r\n',
      after: '\r\n--edge--\r\n',
    };
    const { status, text, sha256 } = await sendUpload(
      'POST',
      `${server.origin}/form`,
      100 * megabyte,
      'multipart/form-data; boundary=edge',
      frame,
    );
    expect(status).toBe(200);
    expect(JSON.parse(text)).toEqual({ length: 100 * megabyte, sha256, name: 'large.bin', note: 'large' });
    expectSmall();
  });

  it('sends a download of 200 MB, in little memory', async () => {
    const response = await fetch(`${server.origin}/download/200`);
    let length = 0;
    for await (const piece of response.body ?? []) length += piece.length;
    expect(length).toBe(200 * megabyte);
    expectSmall();
  });

  it('answers 500 to an exception and writes it to the error log', async () => {
    expect((await fetch(`${server.origin}/fail`)).status).toBe(500);
    await server.logged('RuntimeError: intended failure');
    expect((await fetch(`${server.origin}/`)).status).toBe(200);
  });
});

function siteFile(folder: string): string {
  return `
WSGIDaemonProcess flask threads=5 python-home=${venv}
WSGIProcessGroup flask
WSGIApplicationGroup %{GLOBAL}
WSGIScriptAlias /shop ${folder}/site.py
WSGIScriptAlias / ${folder}/site.py
<Directory ${folder}>
    Require all granted
</Directory>
`;
}
