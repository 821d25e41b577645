import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { uwsgi } from './installed.js';
import { findFreePort, hosts, makeFolder, type RunningServer, removeFolder, startServer } from './server.js';
import { sendUpload } from './upload.js';
import { waitForListener } from './wait-for-listener.js';

/** A real uWSGI as FastCGI and as SCGI server, over TCP and over Unix sockets, behind Apache and behind modhost. */

const application = `
import hashlib
def application(environ, start_response):
    if environ["QUERY_STRING"] == "stream":
        start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", str(1 << 26))])
        return (b"x" * (1 << 16) for _ in range(1 << 10))
    body = environ["wsgi.input"].read()
    start_response("207 Said So", [("Content-Type", "text/plain"), ("X-Twice", "a"), ("X-Twice", "b")])
    keys = ("SCRIPT_NAME", "SCRIPT_FILENAME", "REQUEST_METHOD", "QUERY_STRING", "REQUEST_URI", "SERVER_NAME", "HTTP_X_TEST", "CONTENT_LENGTH")
    if environ["QUERY_STRING"] == "digest":
        return [hashlib.sha256(body).hexdigest().encode()]
    return ["\\n".join("%s=%s" % (key, environ[key]) for key in keys if key in environ).encode(), b"\\n|" + body + b"|"]
`;

const sockets = [
  'fastcgi over TCP',
  'fastcgi over a Unix socket',
  'scgi over TCP',
  'scgi over a Unix socket',
] as const;

describe.skipIf(uwsgi === undefined)('uWSGI speaking', () => {
  describe.each(sockets)('%s', (name) => {
    let folder: string;
    let other: ChildProcess;
    let target: string;

    beforeAll(async () => {
      folder = makeFolder();
      writeFileSync(join(folder, 'app.py'), application);
      const port = await findFreePort();
      const path = join(folder, 'u.sock');
      const isLocal = name.endsWith('Unix socket');
      const protocol = name.startsWith('scgi') ? 'scgi' : 'fastcgi';
      const scheme = protocol === 'scgi' ? 'scgi' : 'fcgi';
      const socket = isLocal ? path : `127.0.0.1:${port}`;
      target = isLocal ? `unix:${path}|${scheme}://localhost/base` : `${scheme}://127.0.0.1:${port}/base`;
      const words = [
        '--plugin=python3',
        `--chdir=${folder}`,
        '--module=app:application',
        '--master',
        `--${protocol}-socket=${socket}`,
        '--chmod-socket=666',
      ];
      other = spawn(uwsgi ?? '', words, { stdio: 'ignore' });
      await waitForListener(isLocal ? { path } : { port, host: '127.0.0.1' });
      if (isLocal) chmodSync(path, 0o666);
    });
    afterAll(async () => {
      const ended = once(other, 'exit');
      other.kill('SIGINT');
      await ended;
      removeFolder(folder);
    });

    it.each(hosts)('answers behind %s', async (host) => {
      const server: RunningServer = await startServer(
        host,
        `ProxyPass /app ${target}\n<Proxy *>\nRequire all granted\n</Proxy>`,
        folder,
      );
      try {
        const answer = await fetch(`${server.origin}/app/a%20b?q=1`, {
          method: 'POST',
          headers: { 'X-Test': 'yes' },
          body: 'hello',
        });
        const text = await answer.text();
        expect([answer.status, answer.headers.get('x-twice')]).toEqual([207, 'a, b']);
        for (const line of [
          'SCRIPT_NAME=/app/a b',
          'REQUEST_URI=/app/a%20b?q=1',
          'HTTP_X_TEST=yes',
          '|hello|',
        ])
          expect(text).toContain(line);
        expect(text).toMatch(/SCRIPT_FILENAME=proxy:.*\/base\/a%20b\n/);
        const stream = await fetch(`${server.origin}/app?stream`);
        expect((await stream.text()).length).toBe(1 << 26);
        const upload = await sendUpload(
          'PUT',
          `${server.origin}/app?digest`,
          20 << 20,
          'application/octet-stream',
        );
        expect([upload.status, upload.text]).toEqual([207, upload.sha256]);
      } finally {
        await server.stop();
      }
    });
  });
});
