import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { afterEach, expect, it } from 'vitest';
import { ownBytes, returnBuffer, takeBuffer } from '../../src/proxy/index.js';
import { readPooled } from '../../src/server/pooled-reading.js';
import type { RequestRecord } from '../../src/server/request-record.js';
import { startListener, type TestListener } from './listening.js';

let stop: (() => unknown) | undefined;
afterEach(() => stop?.());

const digest = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');

/** Answers with the digest of the body, of which it keeps every piece as it came until the last is there. */
function answerDigest({ target, body, reply }: RequestRecord): void {
  const pieces: Buffer[] = [];
  const answer = () => {
    const text = `${target} ${digest(Buffer.concat(pieces))}\n`;
    reply.start(200, '', ['Content-Length', String(text.length)]);
    reply.write(Buffer.from(text));
    reply.end();
  };
  if (!body.isPresent) return answer();
  body.start({
    piece: (piece) => {
      pieces.push(piece);
      body.pause();
      setImmediate(() => body.resume());
    },
    end: answer,
    fail: () => reply.cut(),
  });
}

/**
 * The same for what is lent: of every third piece it gives the memory back at once, of others when their bytes are hashed, or never. Each piece is
 * looked at as late as that allows.
 */
function answerDigestOfLent({ target, body, reply }: RequestRecord): void {
  const hash = createHash('sha256');
  let waiting: Promise<unknown> = Promise.resolve();
  let count = 0;
  const answer = async () => {
    await waiting;
    const text = `${target} ${hash.digest('hex')}\n`;
    reply.start(200, '', ['Content-Length', String(text.length)]);
    reply.write(Buffer.from(text));
    reply.end();
  };
  const take = (piece: Buffer): 'free' | 'kept' | 'returned' => {
    const turn = count;
    count += 1;
    if (turn % 3 === 0) {
      // Everything before has been hashed: pieces come one after the other while the client waits.
      hash.update(piece);
      return 'free';
    }
    body.pause();
    waiting = new Promise((resolve) => setImmediate(() => setImmediate(resolve))).then(() => {
      hash.update(piece);
      if (turn % 3 === 1) returnBuffer(piece);
      body.resume();
    });
    return turn % 3 === 1 ? 'returned' : 'kept';
  };
  if (!body.isPresent) return void answer();
  body.start({
    // What is not lent, of node:http too, which reads on where a head has come in two pieces.
    piece: (piece) => void takeCopy(piece),
    lend: take,
    end: () => void answer(),
    fail: () => reply.cut(),
  });

  function takeCopy(piece: Buffer): 'kept' {
    body.pause();
    waiting = new Promise((resolve) => setImmediate(resolve)).then(() => {
      hash.update(piece);
      body.resume();
    });
    return 'kept';
  }
}

/** All requests of one client at once, in pieces of any size; resolves with the bodies of the answers. */
async function ask(listener: TestListener, bodies: readonly Buffer[]): Promise<string> {
  const sent = bodies.flatMap((body, at) => {
    const length = body.length === 0 ? '' : `Content-Length: ${body.length}\r\n`;
    return [Buffer.from(`POST /${at} HTTP/1.1\r\nHost: a\r\n${length}\r\n`), body];
  });
  const all = Buffer.concat(sent);
  const socket = connect({ port: listener.port, host: '127.0.0.1', noDelay: true });
  let heard = '';
  socket.setEncoding('latin1').on('data', (text) => {
    heard += text;
  });
  for (let at = 0; at < all.length; ) {
    const end = at + 1 + Math.floor(Math.random() * 100_000);
    socket.write(all.subarray(at, end));
    at = end;
    await new Promise((resolve) => setImmediate(resolve));
  }
  await expect.poll(() => heard.match(/^\/\d+ .*\n/gm)?.length, { timeout: 10_000 }).toBe(bodies.length);
  socket.destroy();
  return heard.match(/^\/\d+ .*\n/gm)?.join('') ?? '';
}

it('is possible with the sockets of this Node', async () => {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  stop = () => server.close();
  const { port } = server.address() as { port: number };
  const client = connect(port, '127.0.0.1');
  const [socket] = (await once(server, 'connection')) as [Socket];
  const heard: string[] = [];
  const pooled = readPooled(socket, {
    read: (buffer, count) => {
      heard.push(buffer.toString('latin1', 0, count));
      return 'free';
    },
  });
  expect(pooled).toBeDefined();
  client.write('one');
  await expect.poll(() => heard).toEqual(['one']);
  pooled?.stop();
  client.end('two');
  const [piece] = (await once(socket, 'data')) as [Buffer];
  expect([String(piece), heard]).toEqual(['two', ['one']]);
  await once(socket, 'end');
  socket.destroy();
});

it.each([
  ['kept', answerDigest],
  ['lent', answerDigestOfLent],
])('never gives one client, or one piece, the bytes of another, where pieces are %s', async (_, serve) => {
  const listener = await startListener('lean', serve);
  stop = () => listener.stop();
  const clients = Array.from({ length: 12 }, () =>
    Array.from({ length: 8 }, (_, at) =>
      randomBytes(at % 3 === 0 ? 0 : Math.floor(Math.random() * (at % 2 === 0 ? 500_000 : 500))),
    ),
  );
  const heard = await Promise.all(clients.map((bodies) => ask(listener, bodies)));
  const expected = clients.map((bodies) => bodies.map((body, at) => `/${at} ${digest(body)}\n`).join(''));
  expect(heard).toEqual(expected);
});

it('lends no memory in which the next request lies', async () => {
  let lent = 0;
  const listener = await startListener('lean', ({ target, body, reply }) => {
    const answer = () => {
      // Others read into whatever was given back.
      for (let at = 0; at < 40; at += 1) takeBuffer().fill('!');
      reply.start(200, '', ['Content-Length', String(target.length + 2)]);
      reply.write(Buffer.from(`${target} \n`));
      reply.end();
    };
    if (!body.isPresent) return answer();
    body.start({
      piece: () => {},
      lend: (piece) => {
        if (piece.length <= ownBytes) return 'kept';
        lent += 1;
        returnBuffer(piece);
        return 'returned';
      },
      end: () => void setImmediate(answer),
      fail: () => reply.cut(),
    });
  });
  stop = () => listener.stop();
  const socket = connect({ port: listener.port, host: '127.0.0.1', noDelay: true });
  let heard = '';
  socket.setEncoding('latin1').on('data', (text) => {
    heard += text;
  });
  for (let round = 0; round < 20; round += 1) {
    heard = '';
    socket.write(`POST /0 HTTP/1.1\r\nHost: a\r\nContent-Length: 600000\r\n\r\n`);
    socket.write(
      Buffer.concat([Buffer.alloc(600_000), Buffer.from('GET /1 HTTP/1.1\r\nHost: a\r\n\r\n'.repeat(20))]),
    );
    await expect.poll(() => heard.match(/^\/1 $/gm)?.length, { timeout: 5_000 }).toBe(20);
  }
  expect(lent).toBeGreaterThan(0);
  socket.destroy();
});
