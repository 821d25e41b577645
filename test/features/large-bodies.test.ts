import { once } from 'node:events';
import { join } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { projectRoot } from '../peers/installed.js';
import { findFreePort, makeFolder, type RunningServer, removeFolder, startServer } from '../peers/server.js';
import { makeCertificates } from '../tls/certificates.js';
import { openRaw } from './raw-client.js';

/**
 * Large bodies of many clients at once, over one front end and one connection to each daemon process: memory that they are read into is used again,
 * and nobody may ever see anything of what is somebody else's.
 */
const apps = join(projectRoot, 'test/features/apps');
const size = 1_310_720;
let folder: string;
let server: RunningServer;
let tlsPort: number;

beforeAll(async () => {
  folder = makeFolder();
  tlsPort = await findFreePort();
  const made = makeCertificates(join(folder, 'tls'));
  server = await startServer(
    'modhost',
    `
ServerLimit 1
Listen 127.0.0.1:${tlsPort}
WSGIDaemonProcess one threads=6
WSGIProcessGroup one
WSGIApplicationGroup %{GLOBAL}
WSGIScriptAlias /py ${apps}/large-bodies.py
WSGIScriptAlias /js ${apps}/large-bodies.mjs
<Directory />
Require all granted
</Directory>
<VirtualHost 127.0.0.1:${tlsPort}>
SSLEngine on
SSLCertificateFile ${made.path('one.pem')}
SSLCertificateKeyFile ${made.path('one.key')}
</VirtualHost>`,
    folder,
  );
});
afterAll(async () => {
  await server.stop();
  removeFolder(folder);
});

function linesOf(name: string): string {
  let text = '';
  for (let at = 0; at < size; at += 32) text += `${name.slice(0, 16).padEnd(16)}${String(at).padStart(15)}\n`;
  return text;
}

type Socket = ReturnType<typeof openRaw> | TLSSocket;

async function open(isTls: boolean): Promise<Socket> {
  if (!isTls) return openRaw(server.port);
  const socket = connectTls({ port: tlsPort, host: '127.0.0.1', rejectUnauthorized: false });
  await once(socket, 'secureConnect');
  return socket;
}

/** Everything until the connection is closed; `pace` is waited for behind each piece. */
async function readAll(socket: Socket, pace: () => Promise<unknown>): Promise<Buffer> {
  const pieces: Buffer[] = [];
  for await (const piece of socket) {
    pieces.push(piece as Buffer);
    await pace();
  }
  socket.destroy();
  return Buffer.concat(pieces);
}

const paces = {
  once: async () => {},
  slowly: async () => {
    for (let count = 0; count < 20; count += 1) await turn();
  },
} as const;

function bodyOf(answer: Buffer): string {
  const text = answer.toString('latin1');
  const end = text.indexOf('\r\n\r\n');
  const body = text.slice(end + 4);
  if (!/transfer-encoding: chunked/i.test(text.slice(0, end))) return body;
  let joined = '';
  for (let at = 0; at < body.length; ) {
    const line = body.indexOf('\r\n', at);
    const length = Number.parseInt(body.slice(at, line), 16);
    joined += body.slice(line + 2, line + 2 + length);
    at = line + length + 4;
  }
  return joined;
}

describe.each(['/py', '/js'])('bodies of an application at %s', (mount) => {
  it('come whole to each of many clients, quick and slow ones', { timeout: 60_000 }, async () => {
    const asked: Promise<readonly [string, boolean]>[] = [];
    for (const round of ['1', '2'])
      for (const how of ['whole', 'chunked', 'pieces', 'small'])
        for (const version of ['1.1', '1.0'])
          for (const isTls of [false, true])
            for (const pace of ['once', 'slowly'] as const)
              asked.push(download(`${asked.length}-${round}-${how}`, { how, version, isTls, pace }));
    const wrong = (await Promise.all(asked)).filter(([, isRight]) => !isRight);
    expect(wrong.map(([name]) => name)).toEqual([]);
  });

  async function download(
    name: string,
    { how, version, isTls, pace }: { how: string; version: string; isTls: boolean; pace: keyof typeof paces },
  ): Promise<readonly [string, boolean]> {
    const socket = await open(isTls);
    socket.write(
      `GET ${mount}/${how}?${name}.${size} HTTP/${version}\r\nHost: a.example\r\nConnection: close\r\n\r\n`,
    );
    return [name, bodyOf(await readAll(socket, paces[pace])) === linesOf(name)];
  }

  it('come whole from each of many clients', { timeout: 60_000 }, async () => {
    const asked: Promise<readonly [string, string]>[] = [];
    for (const round of ['1', '2', '3', '4'])
      for (const how of ['length', 'chunked', 'drops'] as const)
        for (const isTls of [false, true]) asked.push(upload(`${round}${how}${isTls}`, how, isTls));
    const wrong = (await Promise.all(asked)).filter(([, answer]) => answer !== 'right');
    expect(wrong).toEqual([]);
  });

  async function upload(
    name: string,
    how: 'length' | 'chunked' | 'drops',
    isTls: boolean,
  ): Promise<readonly [string, string]> {
    const socket = await open(isTls);
    const body = linesOf(name);
    const framing = how === 'chunked' ? 'Transfer-Encoding: chunked' : `Content-Length: ${size}`;
    socket.write(
      `POST ${mount}/?${name}.${size} HTTP/1.1\r\nHost: a.example\r\nConnection: close\r\n${framing}\r\n\r\n`,
    );
    const step = how === 'drops' ? 20_011 : 150_001;
    for (let at = 0; at < size; at += step) {
      const piece = body.slice(at, at + step);
      const bytes = how === 'chunked' ? `${piece.length.toString(16)}\r\n${piece}\r\n` : piece;
      if (!socket.write(bytes, 'latin1')) await once(socket, 'drain');
    }
    if (how === 'chunked') socket.write('0\r\n\r\n');
    return [name, bodyOf(await readAll(socket, paces.once))];
  }
});
