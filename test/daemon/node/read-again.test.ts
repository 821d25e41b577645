import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { Duplex } from 'node:stream';
import { expect, it } from 'vitest';
import { readAgain } from '../../../src/daemon/node/read-again.js';

it('reads all that comes to an accepted socket into one buffer, up to its end', async () => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  const client = connect(port, '127.0.0.1');
  const [socket] = (await once(server, 'connection')) as [Socket];
  const buffer = Buffer.alloc(1_000);
  const pieces: string[] = [];
  let asData = 0;
  socket.on('data', () => {
    asData += 1;
  });
  expect(readAgain(socket, buffer, (count) => pieces.push(buffer.toString('latin1', 0, count)))).toBe(true);
  expect(readAgain(socket, buffer, () => {})).toBe(false);
  for (const letter of ['a', 'b', 'c']) {
    const before = pieces.join('').length;
    client.write(letter.repeat(3_500));
    await expect.poll(() => pieces.join('').length).toBe(before + 3_500);
  }
  client.end();
  await once(socket, 'close');
  expect(pieces.join('')).toBe('a'.repeat(3_500) + 'b'.repeat(3_500) + 'c'.repeat(3_500));
  expect(Math.max(...pieces.map(({ length }) => length))).toBe(1_000);
  expect(asData).toBe(0);
  server.close();
});

it('leaves alone what is no plain socket', () => {
  const stream = new Duplex() as unknown as Socket;
  expect(readAgain(stream, Buffer.alloc(10), () => {})).toBe(false);
});
