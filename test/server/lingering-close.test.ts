import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { closeLingering } from '../../src/server/lingering-close.js';

let server: Server;
let ends: [client: Socket, served: Socket];

beforeEach(async () => {
  server = createServer({ allowHalfOpen: true, pauseOnConnect: true }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const client = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
  const [[served]] = await Promise.all([once(server, 'connection'), once(client, 'connect')]);
  ends = [client, served];
});
afterEach(() => {
  for (const socket of ends) socket.destroy();
  server.close();
});

it('lets a client that is still sending read the answer', async () => {
  const [client, served] = ends;
  client.write(Buffer.alloc(5_000_000));
  served.write('the answer');
  closeLingering(served);
  expect(await text(client)).toBe('the answer');
  client.end();
  await once(served, 'close');
});

it('is over at once when the client ends, too', async () => {
  const [client, served] = ends;
  const startedAt = performance.now();
  client.end();
  closeLingering(served);
  await once(served, 'close');
  expect(performance.now() - startedAt).toBeLessThan(1_000);
});

it('cuts off a client that neither sends nor ends', async () => {
  const [, served] = ends;
  closeLingering(served);
  await once(served, 'close');
  expect(served.readableEnded).toBe(false);
});
