import { connect, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ListenerLimits } from '../../src/server/listener.js';
import type { RequestRecord } from '../../src/server/request-record.js';
import { startListener, type TestListener, type Way } from './listening.js';

/** What may become of a connection, whichever of the two ways it is read. */

let listener: TestListener;
let requests: RequestRecord[];
let clients: Client[];
let dropped: number;

beforeEach(() => {
  requests = [];
  clients = [];
  dropped = 0;
});
afterEach(async () => {
  for (const { socket } of clients) socket.destroy();
  await listener.stop();
});

const request = (target: string, fields = '') => `GET ${target} HTTP/1.1\r\nHost: a\r\n${fields}\r\n`;
const upload = (target: string, length: number) =>
  `POST ${target} HTTP/1.1\r\nHost: a\r\nContent-Length: ${length}\r\n\r\n`;

/** `answer` absent: requests are kept in `requests`, and nobody answers them. */
async function listen(
  way: Way,
  limits: Partial<ListenerLimits> = {},
  answer: (record: RequestRecord) => void = () => {},
): Promise<void> {
  const take = (record: RequestRecord) => {
    requests.push(record);
    answer(record);
  };
  listener = await startListener(way, take, limits, () => {
    dropped += 1;
  });
}

function hello({ reply }: RequestRecord): void {
  reply.start(200, '', ['Content-Length', '5']);
  reply.write(Buffer.from('hello'));
  reply.end();
}

interface Client {
  readonly socket: Socket;
  text: string;
  ending: 'open' | 'end' | 'reset';
}

async function open(): Promise<Client> {
  const socket = connect({ port: listener.port, host: '127.0.0.1', allowHalfOpen: true });
  const client: Client = { socket, text: '', ending: 'open' };
  socket.setEncoding('latin1').on('data', (piece) => {
    client.text += piece;
  });
  socket.on('end', () => {
    client.ending = 'end';
    socket.end();
  });
  socket.on('error', () => {
    client.ending = 'reset';
  });
  clients.push(client);
  await new Promise((resolve) => socket.once('connect', resolve));
  return client;
}

async function send(text: string): Promise<Client> {
  const client = await open();
  client.socket.write(text, 'latin1');
  return client;
}

const count = (client: Client | undefined, what: string) => (client?.text.split(what).length ?? 0) - 1;

const soon = { timeout: 5_000, interval: 5 };

async function requestsSeen(expected: number): Promise<void> {
  await expect.poll(() => requests.length, soon).toBe(expected);
}

/** Long enough for whatever should not happen. */
const pause = (ms = 60) => new Promise((resolve) => setTimeout(resolve, ms));

/** Bytes that nobody takes from the client any more. */
async function leftUnsent({ socket }: Client): Promise<number> {
  let before = Number.NaN;
  while (before !== socket.writableLength) {
    before = socket.writableLength;
    await pause(150);
  }
  return before;
}

/** Requests that were read until no more are. */
async function requestsBegun(): Promise<number> {
  let before = Number.NaN;
  while (before !== requests.length) {
    before = requests.length;
    await pause(150);
  }
  return before;
}

const shortTimes = (head: number, keepAlive: number): Partial<ListenerLimits> => ({
  ofConnection: () => ({ head: { initialMs: head }, keepAliveTimeoutMs: keepAlive }),
});

describe.each<Way>(['lean', 'node'])('a connection read by the %s way', (way) => {
  describe('is limited in time', () => {
    it('closed without a word if nothing comes', async () => {
      await listen(way, shortTimes(80, 5_000));
      const client = await open();
      await expect.poll(() => client.ending, soon).not.toBe('open');
      expect([client.text, requests.length]).toEqual(['', 0]);
    });

    it('answered 408 if half a head comes, counted from its beginning', async () => {
      await listen(way, shortTimes(1_500, 5_000));
      const begun = performance.now();
      const client = await open();
      await pause(1_000);
      client.socket.write('GET / HTTP/1.1\r\nHost:');
      await expect.poll(() => client.text, soon).toContain('HTTP/1.1 408 ');
      expect(performance.now() - begun).toBeLessThan(2_300);
    });

    it('answered 408 if half a head comes behind a request', async () => {
      await listen(way, shortTimes(100, 5_000), hello);
      const client = await send(request('/'));
      await expect.poll(() => count(client, 'hello'), soon).toBe(1);
      client.socket.write('GET / HTTP');
      await expect.poll(() => client.text, soon).toContain('HTTP/1.1 408 ');
    });

    it('closed at KeepAliveTimeout, counted from each answer', async () => {
      await listen(way, shortTimes(5_000, 1_500), hello);
      const client = await send(request('/'));
      for (let at = 1; at < 4; at += 1) {
        await expect.poll(() => count(client, 'hello'), soon).toBe(at);
        await pause(700);
        client.socket.write(request('/'));
      }
      await expect.poll(() => count(client, 'hello'), soon).toBe(4);
      const answered = performance.now();
      await expect.poll(() => client.ending, soon).toBe('end');
      expect(performance.now() - answered).toBeGreaterThan(1_300);
      expect(requests.map(({ keepAliveIndex }) => keepAliveIndex)).toEqual([0, 1, 2, 3]);
    });

    it('not closed as long as its request is being served', async () => {
      await listen(way, shortTimes(50, 50));
      const client = await send(request('/'));
      await requestsSeen(1);
      await pause(250);
      expect(client.ending).toBe('open');
      hello(requests[0] as RequestRecord);
      await expect.poll(() => client.ending, soon).toBe('end');
      expect(client.text).toContain('hello');
    });
  });

  describe('with requests ahead', () => {
    it('serves one at a time', async () => {
      await listen(way);
      const client = await send(request('/1') + upload('/2', 3));
      client.socket.write(`abc${request('/3')}`);
      for (let at = 1; at <= 3; at += 1) {
        await requestsSeen(at);
        await pause();
        expect(requests.length).toBe(at);
        hello(requests[at - 1] as RequestRecord);
      }
      await expect.poll(() => count(client, 'hello'), soon).toBe(3);
      expect(requests.map(({ target }) => target)).toEqual(['/1', '/2', '/3']);
    });

    it('takes no more than a piece of them before their turn', async () => {
      await listen(way);
      const client = await send(request('/1'));
      await requestsSeen(1);
      client.socket.write(request('/2').repeat(1_000_000));
      expect(await leftUnsent(client)).toBeGreaterThan(0);
      expect(requests.length).toBe(1);
    });

    it('serves as many as come', async () => {
      await listen(way, {}, hello);
      const client = await open();
      for (let at = 0; at < 40; at += 1) {
        client.socket.write(request('/').repeat(50));
        await expect.poll(() => count(client, 'hello'), soon).toBe((at + 1) * 50);
      }
    });

    // What comes in one piece; node:http's way serves a hundred of it.
    it.runIf(way === 'lean')('serves all that come at once', async () => {
      await listen(way, {}, hello);
      const client = await send(request('/').repeat(1_500));
      await expect.poll(() => count(client, 'hello'), soon).toBe(1_500);
    });

    it.runIf(way === 'lean')('serves no more than the client takes answers, and then all', async () => {
      await listen(way, {}, (record) => {
        const { reply } = record;
        reply.start(200, '', ['Content-Length', '5', 'X-Long', '.'.repeat(12_000)]);
        reply.write(Buffer.from('hello'));
        reply.end();
      });
      const client = await open();
      client.socket.pause();
      client.socket.write(request('/').repeat(1_500));
      expect(await requestsBegun()).toBeLessThan(1_500);
      client.socket.resume();
      await expect.poll(() => count(client, 'hello'), soon).toBe(1_500);
      expect(requests.length).toBe(1_500);
    });

    it('serves none behind the last one', async () => {
      await listen(way, {}, hello);
      const client = await send(request('/', 'Connection: close\r\n') + request('/'));
      await expect.poll(() => client.ending, soon).toBe('end');
      expect([count(client, 'hello'), requests.length]).toEqual([1, 1]);
    });

    it('does not ask for what comes behind an answer that closes', async () => {
      await listen(way, {}, (record) => {
        record.reply.closeConnection();
        hello(record);
      });
      const client = await send(request('/').repeat(3));
      await expect.poll(() => client.ending, soon).toBe('end');
      expect(requests.length).toBe(1);
    });
  });

  describe('that the client gives up', () => {
    it.each([
      ['resets', (socket: Socket) => socket.resetAndDestroy()],
      ['closes', (socket: Socket) => socket.destroy()],
    ])('%s: the answer is aborted, once', async (_, leave) => {
      const endings: string[] = [];
      await listen(way, {}, ({ reply }) => reply.onClosed((how) => endings.push(how)));
      const { socket } = await send(request('/'));
      await requestsSeen(1);
      leave(socket);
      await expect.poll(() => endings, soon).toEqual(['aborted']);
      hello(requests[0] as RequestRecord);
      await pause();
      expect(endings).toEqual(['aborted']);
    });

    it('in the midst of a body: it neither ends nor fails', async () => {
      const told: string[] = [];
      await listen(way, {}, ({ body, reply }) => {
        reply.onClosed((how) => told.push(how));
        body.start({
          piece: (piece) => told.push(piece.toString()),
          end: () => told.push('end'),
          fail: () => told.push('fail'),
        });
      });
      const { socket } = await send(`${upload('/', 10)}abc`);
      await expect.poll(() => told, soon).toEqual(['abc']);
      socket.destroy();
      await expect.poll(() => told, soon).toEqual(['abc', 'aborted']);
      expect(requests[0]?.body.isComplete).toBe(false);
    });

    it('that only closes its side gets its answer, and the connection ends', async () => {
      const waiting: RequestRecord[] = [];
      await listen(way, {}, (record) => waiting.push(record));
      const client = await send(`${request('/')}${request('/behind')}`);
      client.socket.end();
      for (const turn of [1, 2]) {
        await expect.poll(() => waiting.length, soon).toBe(turn);
        // Longer than it takes to hear that nothing more comes.
        await new Promise((resolve) => setTimeout(resolve, 100));
        hello(waiting[turn - 1] as RequestRecord);
      }
      await expect.poll(() => client.ending, soon).toBe('end');
      expect(count(client, 'hello')).toBe(2);
    });

    it('that has changed the protocol may close its side for as long as it likes', async () => {
      let tunnel: Duplex | undefined;
      await listen(way, {}, ({ reply }) => {
        tunnel = reply.switchProtocol(['Upgrade', 'websocket', 'Connection', 'Upgrade']);
        tunnel.resume();
      });
      const client = await send(
        'GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n',
      );
      await expect.poll(() => client.text, soon).toMatch(/^HTTP\/1\.1 101 /);
      client.socket.end();
      // Longer than a client waits for a mere answer: see half-closed.ts.
      await pause(4_500);
      tunnel?.end('late');
      await expect.poll(() => client.ending, soon).toBe('end');
      expect(client.text).toMatch(/late$/);
    });

    it('that is not heard of again is given up', async () => {
      const told: string[] = [];
      await listen(way, {}, ({ reply }) => reply.onClosed((how) => told.push(how)));
      const client = await send(request('/'));
      client.socket.end();
      await expect.poll(() => told, { timeout: 10_000 }).toEqual(['aborted']);
    });

    it('between two requests: nobody is told', async () => {
      await listen(way, {}, hello);
      const client = await send(request('/'));
      await expect.poll(() => count(client, 'hello'), soon).toBe(1);
      client.socket.end();
      await expect.poll(() => client.ending, soon).toBe('end');
      expect(requests.length).toBe(1);
    });
  });

  describe('with a body', () => {
    const collect =
      (told: string[]) =>
      ({ body, reply }: RequestRecord) => {
        body.setTimeout(150);
        body.start({
          piece: () => {},
          end: () => told.push('end'),
          fail: (status, reason) => {
            told.push(`${status} ${reason}`);
            reply.start(status, '', ['Content-Length', '0']);
            reply.end();
          },
        });
      };

    it('that stops: 408, and the connection ends', async () => {
      const told: string[] = [];
      await listen(way, {}, collect(told));
      const client = await send(`${upload('/', 10)}abc`);
      await expect.poll(() => client.ending, soon).toBe('end');
      expect(told).toEqual(['408 the request body did not arrive in time (Timeout)']);
      expect(client.text).toMatch(/^HTTP\/1\.1 408 .*\r\nConnection: close\r\n/s);
    });

    it('that comes too slowly: 408', async () => {
      const told: string[] = [];
      await listen(way, {}, (record) => {
        record.body.setReadLimit({ initialMs: 200, bytesPerSecond: 1_000_000 });
        collect(told)(record);
      });
      const client = await send(upload('/', 1_000));
      const timer = setInterval(() => client.socket.writable && client.socket.write('x'), 40);
      await expect
        .poll(() => told, soon)
        .toEqual(['408 the request body did not arrive in time (RequestReadTimeout)']);
      clearInterval(timer);
    });

    it('larger than the limit: 413', async () => {
      const told: string[] = [];
      await listen(way, {}, (record) => {
        record.body.setLimit(5);
        collect(told)(record);
      });
      const client = await send(`${upload('/', 10)}0123456789`);
      await expect.poll(() => client.ending, soon).toBe('end');
      expect(told[0]).toMatch(/^413 .*LimitRequestBody/);
    });

    it('that nobody has asked for yet waits with the client', async () => {
      const size = 20_000_000;
      await listen(way);
      const client = await send(upload('/', size));
      client.socket.write('x'.repeat(size));
      client.socket.write(request('/next'));
      expect(await leftUnsent(client)).toBeGreaterThan(0);
      let received = 0;
      let waits = 0;
      requests[0]?.body.start({
        piece: (piece) => {
          received += piece.length;
          if (received % 7 !== 0) return;
          waits += 1;
          requests[0]?.body.pause();
          setImmediate(() => requests[0]?.body.resume());
        },
        end: () => hello(requests[0] as RequestRecord),
        fail: () => {},
      });
      await expect.poll(() => count(client, 'hello'), { timeout: 15_000 }).toBe(1);
      expect([received, requests[0]?.body.bytesReceived, requests[0]?.body.isComplete]).toEqual([
        size,
        size,
        true,
      ]);
      expect(waits).toBeGreaterThan(0);
      await requestsSeen(2);
    });

    it('that nobody wants is thrown away before the next request', async () => {
      await listen(way, {}, hello);
      const client = await send(upload('/', 300_000));
      await expect.poll(() => count(client, 'hello'), soon).toBe(1);
      client.socket.write('x'.repeat(300_000) + request('/next'));
      await expect.poll(() => count(client, 'hello'), soon).toBe(2);
      expect(requests.map(({ target }) => target)).toEqual(['/', '/next']);
    });

    it('that nobody wants and that does not come: the connection ends', async () => {
      await listen(way, { timeoutMs: 150 }, hello);
      const client = await send(upload('/', 300));
      await expect.poll(() => client.ending, soon).not.toBe('open');
      expect(count(client, 'hello')).toBe(1);
    });

    it('that is refused reaches its end, so that the client sees why', async () => {
      await listen(way, {}, (record) => {
        record.reply.closeConnection();
        hello(record);
      });
      const client = await send(upload('/', 8_000_000) + 'x'.repeat(8_000_000));
      await expect.poll(() => client.ending, soon).toBe('end');
      expect(client.text).toContain('hello');
    });

    it('comes in pieces of any size', async () => {
      const told: string[] = [];
      await listen(way, {}, collect(told));
      const client = await send(upload('/', 5));
      for (const byte of 'hello') {
        await pause(5);
        client.socket.write(byte);
      }
      await expect.poll(() => told, soon).toEqual(['end']);
    });
  });

  it('is told to end when the listener drains, by its next answer', async () => {
    await listen(way, {}, hello);
    const client = await send(request('/'));
    await expect.poll(() => count(client, 'hello'), soon).toBe(1);
    const drained = listener.drain();
    client.socket.write(request('/'));
    await expect.poll(() => client.ending, soon).toBe('end');
    expect([count(client, 'hello'), count(client, 'Connection: close')]).toEqual([2, 1]);
    await drained;
  });

  it('ends at once when the listener is destroyed, in whatever state', async () => {
    await listen(way);
    const idle = await open();
    const busy = await send(request('/'));
    const sending = await send(`${upload('/', 10)}abc`);
    const half = await send('GET');
    await requestsSeen(2);
    listener.destroy();
    for (const client of [idle, busy, sending, half])
      await expect.poll(() => client.ending, soon).not.toBe('open');
  });

  it('is closed if there are too many, and that is told', async () => {
    await listen(way, { connections: 2 }, hello);
    await open();
    await open();
    const third = await open();
    await expect.poll(() => third.ending, soon).not.toBe('open');
    expect(dropped).toBe(1);
  });

  it('names both its ends', async () => {
    await listen(way);
    const { socket } = await send(request('/'));
    await requestsSeen(1);
    expect(requests[0]?.connection).toEqual({
      clientAddress: '127.0.0.1',
      clientPort: socket.localPort,
      localAddress: '127.0.0.1',
      localPort: listener.port,
    });
  });
});
