import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { faultyAnswers, startFaultyBackend } from '../features/proxying/faulty-answers.js';
import type { RawBackend } from '../features/proxying/raw-backend.js';
import { askRaw } from '../features/raw-client.js';
import { apache } from './installed.js';
import { type Host, makeFolder, type RunningServer, removeFolder, startServer } from './server.js';

/** What comes of another server's faults, on Apache and on modhost: status, body, and whether the connection goes on. */

/** Where modhost is meant to differ, and why: it is a failure if it does not. */
const differences: Readonly<Record<string, string>> = {
  both: 'two framings are none: Apache takes the chunks',
  'two-lengths': 'Apache takes the first',
  'bare-lf': 'Apache takes it for the end of a line',
  garbage: 'Apache takes it for HTTP/0.9',
  'bad-header': 'Apache answers 500',
};

describe.skipIf(apache === undefined)('of another server that', () => {
  let folder: string;
  let backend: RawBackend;
  const servers = new Map<Host, RunningServer>();

  beforeAll(async () => {
    folder = makeFolder();
    backend = await startFaultyBackend();
    const siteFile = `
ProxyPass /b/ http://127.0.0.1:${backend.port}/ timeout=1
ProxyPass /dead http://127.0.0.1:1/
ProxyPass /no-socket unix:${folder}/none.sock|http://localhost/
ProxyPass /follow-up http://127.0.0.1:${backend.port}/fine
<Location />
Require all granted
</Location>`;
    for (const host of ['Apache', 'modhost'] as const)
      servers.set(host, await startServer(host, siteFile, folder));
  });
  afterAll(async () => {
    for (const server of servers.values()) await server.stop();
    await backend?.stop();
    removeFolder(folder);
  });

  const paths = [...Object.keys(faultyAnswers).map((name) => `/b/${name}`), '/dead', '/no-socket'];
  it.each(paths)('answers %s', async (path) => {
    const ask = async (host: Host) => {
      const { port } = servers.get(host) as RunningServer;
      const { text, statuses, connection } = await askRaw(
        port,
        `GET ${path} HTTP/1.1\r\nHost: a.example\r\n\r\n`,
      );
      const [first = ''] = text.slice(text.indexOf('\r\n\r\n') + 4).split('HTTP/1.1 ');
      // Pages of errors are each server's own.
      const body = first.includes('<html>') ? 'a page' : first;
      return { statuses, isKept: connection === 'kept', body, next: text.endsWith('\r\n\r\nfine') };
    };
    const [wanted, got] = [await ask('Apache'), await ask('modhost')];
    const difference = differences[path.replace('/b/', '')];
    if (difference === undefined) expect(got).toEqual(wanted);
    else expect(got, `no difference any more: ${difference}`).not.toEqual(wanted);
  });
});
