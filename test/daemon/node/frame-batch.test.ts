import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { FrameBatch } from '../../../src/daemon/node/frame-batch.js';
import { FrameReader, FrameType } from '../../../src/wire/index.js';

let folder: string;
let server: Server;
let socket: Socket;
let frontEnd: Socket;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'modhost-batch-'));
  server = createServer().listen(join(folder, 'socket'));
  await once(server, 'listening');
  socket = connect(join(folder, 'socket'));
  [frontEnd] = (await once(server, 'connection')) as [Socket];
});

afterEach(() => {
  socket.destroy();
  frontEnd.destroy();
  server.close();
  rmSync(folder, { recursive: true, force: true });
});

it('sends every four answers of a turn together, in each turn, in their order', async () => {
  const write = vi.spyOn(socket, 'write');
  const batch = new FrameBatch(socket);
  const came: string[] = [];
  const reader = new FrameReader(
    (type, stream, payload) => came.push(`${type} ${stream} ${payload.toString('latin1')}`),
    () => {},
  );
  frontEnd.on('data', (bytes) => reader.push(bytes));
  const sent: string[] = [];
  for (const turn of [1, 2, 3]) {
    for (let stream = 1; stream <= 10; stream += 1) {
      batch.addText(FrameType.response, stream, `${turn}`);
      batch.addEmpty(FrameType.end, stream);
      sent.push(`${FrameType.response} ${stream} ${turn}`, `${FrameType.end} ${stream} `);
    }
    await new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
    expect(write).toHaveBeenCalledTimes(3 * turn);
  }
  await expect.poll(() => came).toEqual(sent);
});
