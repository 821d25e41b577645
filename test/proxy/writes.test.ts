import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server, Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { DaemonConnection, type StreamListener, type Traces } from '../../src/proxy/daemon-connection.js';
import { encodeHello, FrameType, frameText } from '../../src/wire/index.js';

let folder: string;
let server: Server;
let daemonSide: Socket;
let connection: DaemonConnection;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'modhost-proxy-'));
  const socketPath = join(folder, 'daemon.sock');
  const hello = frameText(FrameType.hello, 0, encodeHello(['pid', '1', 'runtime', 'node', 'threads', '0']));
  server = createServer((socket) => {
    daemonSide = socket.resume().on('error', () => {});
    socket.write(hello, 'latin1');
  }).listen(socketPath);
  await once(server, 'listening');
  await new Promise<void>((ready) => {
    connection = new DaemonConnection(socketPath, '', false, { ready, drain() {}, closed() {}, log() {} });
  });
});

afterEach(() => {
  vi.restoreAllMocks();
  connection.close();
  daemonSide.destroy();
  server.close();
  rmSync(folder, { recursive: true, force: true });
});

function open(lost: (traces: Traces) => void = () => {}): void {
  const nothing = () => {};
  const listener: StreamListener = {
    ...{
      response: nothing,
      body: () => 'free',
      bodyText: () => 'free',
      end: nothing,
      abort: nothing,
      credit: nothing,
    },
    ...{ accepted: nothing, reply: nothing, log: nothing, lost: (_, traces) => lost(traces) },
  };
  connection.open(FrameType.request, 'x'.repeat(300), false, listener);
}

/** The end of this turn of the event loop, and of what it has put off. */
const nextTurn = () => new Promise<void>((resolve) => setImmediate(() => setImmediate(resolve)));

it('sends every four requests of a turn together, in each turn', async () => {
  const write = vi.spyOn(Socket.prototype, 'write');
  for (const turn of [1, 2, 3]) {
    for (let request = 0; request < 10; request += 1) open();
    await nextTurn();
    expect(write).toHaveBeenCalledTimes(3 * turn);
  }
});

it.each([1, 6, 12])(
  'knows of %i requests that nobody has read them if the daemon process is gone',
  async (requests) => {
    // At once, as when a process dies: in this turn its end cannot be heard yet.
    (daemonSide as unknown as { _handle: { close(): void } })._handle.close();
    const lost = await Promise.all(
      Array.from({ length: requests }, () => new Promise<Traces>((resolve) => open(resolve))),
    );
    expect(lost).toEqual(Array(requests).fill('unread'));
  },
);
