import { join } from 'node:path';
import { connect } from 'node:tls';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { loadConfig, type ServerConfig } from '../../src/config/index.js';
import { type BoundSocket, bindTcp } from '../../src/processes/listening-sockets.js';
import {
  createListener,
  type HttpListener,
  type ListenerLimits,
  type UnreadableRequest,
} from '../../src/server/listener.js';
import { watchReading } from '../../src/server/watch-reading.js';
import { createTlsAcceptor, readTlsMaterial } from '../../src/tls/index.js';
import { openRaw } from '../features/raw-client.js';
import { makeFolder, removeFolder } from '../peers/server.js';
import { Certificates } from '../tls/certificates.js';

let folder: string;
let config: ServerConfig;
let socket: BoundSocket;
let listener: HttpListener;
let isDrained: boolean;

const limits: ListenerLimits = {
  keepAliveTimeoutMs: 5_000,
  headBytes: 8_000,
  headerLines: 100,
  hasProxyProtocol: false,
  ofConnection: () => ({ head: { initialMs: 500 }, keepAliveTimeoutMs: 5_000 }),
  timeoutMs: 60_000,
};

beforeAll(() => {
  folder = makeFolder();
  const made = new Certificates(join(folder, 'tls'));
  made.make('one', { subject: '/CN=one.test' });
  const before = ['Listen 1', 'SSLEngine on', `SSLCertificateFile ${made.path('one.pem')}`];
  const loaded = loadConfig({
    file: '/dev/null',
    before: [...before, `SSLCertificateKeyFile ${made.path('one.key')}`],
    environment: {},
  });
  if (loaded.config === undefined) throw new Error(JSON.stringify(loaded.mistakes));
  config = loaded.config;
});
afterAll(() => removeFolder(folder));
afterEach(async () => {
  listener.destroy();
  // Closes the socket, too.
  if (!isDrained) await listener.drain();
});

async function listen(handshakeTimeoutMs = 60_000): Promise<number> {
  isDrained = false;
  socket = bindTcp('127.0.0.1', 0);
  const acceptor = createTlsAcceptor(config, readTlsMaterial(config).material, {
    selectVirtualHost: () => config.mainServer,
    log: () => {},
    watchHandshake: (_, pending, expire) =>
      watchReading({ initialMs: handshakeTimeoutMs }, { bytes: () => pending.bytesRead }, expire),
  });
  const handlers = {
    lost: () => {},
    request: () => {},
    unreadable: ({ record, status }: UnreadableRequest) => {
      record.reply.closeConnection();
      record.reply.start(status, '', ['Content-Length', '0']);
      record.reply.end();
    },
  };
  listener = createListener(limits, handlers, acceptor);
  await listener.listen(socket.fd, 10);
  return socket.port;
}

const open = (port: number) =>
  connect({ port, host: '127.0.0.1', rejectUnauthorized: false }).on('error', () => {});

describe('a listener with TLS', () => {
  it('limits the time of heads as without', async () => {
    const client = open(await listen());
    client.write('GET / HTTP/1.1\r\nHost: ');
    const text = await new Promise<string>((resolve) => client.once('data', (data) => resolve(String(data))));
    expect(text).toContain('HTTP/1.1 408');
    client.destroy();
  });

  it('limits the time of handshakes', async () => {
    const client = openRaw(await listen(200));
    await new Promise((resolve) => client.once('end', resolve).resume());
    client.destroy();
  });

  it('destroys connections in every stage', async () => {
    const port = await listen();
    const waiting = openRaw(port);
    const asking = open(port);
    await new Promise((resolve) => asking.once('secureConnect', resolve));
    asking.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
    const closed = [waiting, asking].map(
      (client) => new Promise((resolve) => client.once('end', resolve).resume()),
    );
    await new Promise((resolve) => setImmediate(resolve));
    listener.destroy();
    await Promise.all(
      closed.map((ended, at) =>
        Promise.race([ended, new Promise((resolve) => [waiting, asking][at]?.once('close', resolve))]),
      ),
    );
    waiting.destroy();
  });

  it('drains when the last connection has ended', async () => {
    const client = open(await listen());
    await new Promise((resolve) => client.once('secureConnect', resolve));
    const drained = listener.drain().then(() => {
      isDrained = true;
    });
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(isDrained).toBe(false);
    client.destroy();
    await drained;
  });
});
