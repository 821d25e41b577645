import { afterEach, describe, expect, it } from 'vitest';
import {
  type BodySource,
  CallFailure,
  callFunction,
  type DaemonProcessEntry,
  type ForwardRequest,
  forward,
  type GroupLimits,
  ProcessPool,
  type ResponseSink,
} from '../../src/proxy/index.js';
import { encodeAbort, encodeCredit, encodeReply, FrameType, initialWindow } from '../../src/wire/index.js';
import { startDeafDaemon } from './deaf-daemon.js';
import { FakeDaemon } from './fake-daemon.js';

const limits: GroupLimits = {
  connectTimeoutMs: 5_000,
  socketTimeoutMs: 0,
  queueTimeoutMs: 0,
  listenBacklog: 100,
};
const daemons: FakeDaemon[] = [];
const pools: ProcessPool[] = [];

afterEach(async () => {
  for (const pool of pools.splice(0)) pool.close();
  await Promise.all(daemons.splice(0).map((daemon) => daemon.close()));
});

async function startDaemon(sayHello = true): Promise<FakeDaemon> {
  const daemon = new FakeDaemon(sayHello);
  daemons.push(daemon);
  await daemon.listen();
  return daemon;
}

function entryOf(daemon: FakeDaemon, more: Partial<DaemonProcessEntry> = {}): DaemonProcessEntry {
  const { socketPath } = daemon;
  return {
    group: 'g',
    runtime: 'python',
    pid: 1,
    socketPath,
    token: 'secret',
    threads: 1,
    draining: false,
    ...more,
  };
}

function createPool(entries: readonly DaemonProcessEntry[], own: Partial<GroupLimits> = {}): ProcessPool {
  const pool = new ProcessPool({
    limits: { ...limits, ...own },
    isAlone: true,
    requestProcesses: () => {},
    log: () => {},
  });
  pools.push(pool);
  pool.announce(entries);
  return pool;
}

/** A client that takes everything, or nothing until `drain`. */
class Client implements ResponseSink {
  status = 0;
  received = Buffer.alloc(0);
  ended = false;
  wasCut = false;
  isFull = false;
  isFlushed?: boolean;
  /** As they were given, not copied. */
  pieces: Buffer[] = [];
  drain: () => void = () => {};
  head: ResponseSink['head'] = (response) => {
    this.status = response.status;
    return { accepted: true };
  };
  write(piece: Buffer): boolean {
    this.pieces.push(piece);
    this.received = Buffer.concat([this.received, piece]);
    return !this.isFull;
  }
  writeText(text: string): boolean {
    return this.write(Buffer.from(text, 'latin1'));
  }
  onDrain(callback: () => void): void {
    this.drain = callback;
  }
  end(): void {
    this.ended = true;
  }
  cut(): void {
    this.wasCut = true;
  }
}

/** A request body that a test pushes by hand. */
class Body implements BodySource {
  listener: Parameters<BodySource['start']>[0] | undefined;
  isPaused = false;
  starts = 0;
  start(listener: Parameters<BodySource['start']>[0]): void {
    this.starts += 1;
    this.listener = listener;
  }
  pause(): void {
    this.isPaused = true;
  }
  resume(): void {
    this.isPaused = false;
  }
}

function makeRequest(sink: ResponseSink, body?: BodySource): ForwardRequest {
  return {
    message: {
      scriptFile: '/app.py',
      applicationGroup: '',
      callableName: 'application',
      callInterface: 'auto',
      checkScript: true,
      environ: ['REQUEST_METHOD', 'GET'],
      headers: [],
    },
    ...(body === undefined ? {} : { body }),
    sink,
    log: () => {},
  };
}

/** The connection may take its time to come up: only silence is noticed soon. */
const silentSoon: Partial<GroupLimits> = { socketTimeoutMs: 30, queueTimeoutMs: 60_000 };

const turn = () => new Promise((resolve) => setImmediate(resolve));

describe('forward', () => {
  it('carries a request and its answer', async () => {
    const daemon = await startDaemon();
    const client = new Client();
    const { outcome } = forward(createPool([entryOf(daemon)]), makeRequest(client));
    const { stream, scriptFile, environ, hasBody } = await daemon.request();
    expect({ scriptFile, environ, hasBody }).toEqual({
      scriptFile: '/app.py',
      environ: ['REQUEST_METHOD', 'GET'],
      hasBody: false,
    });
    daemon.text(FrameType.response, stream, '200 OK\0A\0b');
    daemon.send(FrameType.body, stream, Buffer.from('hello'));
    daemon.send(FrameType.end, stream);
    expect(await outcome).toEqual({ kind: 'done' });
    expect([client.status, client.received.toString(), client.ended]).toEqual([200, 'hello', true]);
  });

  it('carries short pieces of any bytes', async () => {
    const daemon = await startDaemon();
    const client = new Client();
    const { outcome } = forward(createPool([entryOf(daemon)]), makeRequest(client));
    const { stream } = await daemon.request();
    const every = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte));
    daemon.text(FrameType.response, stream, '200 OK');
    for (const size of [1, 255, 4_095, 4_096, 4_097, 16_384, 16_385])
      daemon.send(FrameType.body, stream, Buffer.alloc(size, every));
    daemon.send(FrameType.end, stream);
    expect(await outcome).toEqual({ kind: 'done' });
    const sizes = [1, 255, 4_095, 4_096, 4_097, 16_384, 16_385].map((size) => Buffer.alloc(size, every));
    expect(client.received.equals(Buffer.concat(sizes))).toBe(true);
  });

  it('gives credit only for what the client has taken', async () => {
    const daemon = await startDaemon();
    const client = new Client();
    client.isFull = true;
    const { outcome } = forward(createPool([entryOf(daemon)]), makeRequest(client));
    const { stream } = await daemon.request();
    daemon.text(FrameType.response, stream, '200 OK');
    for (let sent = 0; sent < initialWindow; sent += 65_536)
      daemon.send(FrameType.body, stream, Buffer.alloc(65_536));
    while (client.received.length < initialWindow) await turn();
    expect(daemon.frames.filter(({ type }) => type === FrameType.credit)).toEqual([]);
    client.isFull = false;
    client.drain();
    const { payload } = await daemon.frame(FrameType.credit);
    expect(payload.readUInt32BE()).toBe(initialWindow);
    daemon.send(FrameType.end, stream);
    expect(await outcome).toEqual({ kind: 'done' });
  });

  it.each([100, 30_000, 100_000])('leaves alone what a client keeps of pieces of %i bytes', async (size) => {
    const daemon = await startDaemon();
    const client = new Client();
    const { outcome } = forward(createPool([entryOf(daemon)]), makeRequest(client));
    const { stream } = await daemon.request();
    daemon.text(FrameType.response, stream, '200 OK');
    let sent = 0;
    const sendMore = (value: number) => {
      daemon.send(FrameType.body, stream, Buffer.alloc(size, value));
      sent += size;
    };
    sendMore(1);
    while (client.received.length < sent) await turn();
    for (const value of [2, 3, 4]) {
      sendMore(value);
      while (client.received.length < sent) await turn();
      client.drain();
    }
    expect(Buffer.concat(client.pieces).equals(client.received)).toBe(true);
    daemon.send(FrameType.end, stream);
    expect(await outcome).toEqual({ kind: 'done' });
  });

  it('reads a large body into the same memory again while the client takes all of it', async () => {
    const daemon = await startDaemon();
    const client = new Client();
    client.isFlushed = true;
    const { outcome } = forward(createPool([entryOf(daemon)]), makeRequest(client));
    const { stream } = await daemon.request();
    daemon.text(FrameType.response, stream, '200 OK');
    for (let sent = 0; sent < 20 * 100_000; sent += 100_000) {
      daemon.send(FrameType.body, stream, Buffer.alloc(100_000, sent));
      while (client.received.length < sent + 100_000) await turn();
    }
    const large = client.pieces.filter(({ length }) => length > 16_384);
    expect(new Set(large.map(({ buffer }) => buffer)).size).toBe(1);
    daemon.send(FrameType.end, stream);
    expect(await outcome).toEqual({ kind: 'done' });
  });

  it('ends the connection of a daemon that sends more than its credit', async () => {
    const daemon = await startDaemon();
    const client = new Client();
    client.isFull = true;
    const { outcome } = forward(createPool([entryOf(daemon)]), makeRequest(client));
    const { stream } = await daemon.request();
    daemon.text(FrameType.response, stream, '200 OK');
    for (let sent = 0; sent <= initialWindow; sent += 65_536)
      daemon.send(FrameType.body, stream, Buffer.alloc(65_536));
    expect(await outcome).toMatchObject({
      kind: 'cut',
      reason: expect.stringContaining('beyond the credit') as unknown,
    });
    expect(client.wasCut).toBe(true);
    expect(client.received.length).toBe(initialWindow);
  });

  it('sends pieces of every size byte for byte and in their order, whatever else goes with them', async () => {
    const daemon = await startDaemon();
    const pool = createPool([entryOf(daemon, { threads: 2 })]);
    const [one, other] = [new Body(), new Body()];
    for (const body of [one, other]) forward(pool, makeRequest(new Client(), body));
    const [first, second] = [await daemon.request(0), await daemon.request(1)];
    const sizes = [1, 4_096, 4_097, 16_384, 16_385, 30_000, 7];
    // Every byte there is, and other ones for the other.
    const pieces = sizes.map((size, at) => Buffer.from(Array.from({ length: size }, (_, of) => of + at)));
    for (const piece of pieces) {
      one.listener?.piece(piece);
      other.listener?.piece(Buffer.from(piece.map((byte) => byte ^ 0xff)));
      if (piece.length === 30_000) await turn();
    }
    const sent = Buffer.concat(pieces);
    expect((await daemon.body(first.stream, sent.length)).equals(sent)).toBe(true);
    const inverse = Buffer.from(sent.map((byte) => byte ^ 0xff));
    expect((await daemon.body(second.stream, sent.length)).equals(inverse)).toBe(true);
  });

  it('sends a body within the credit and pauses the client', async () => {
    const daemon = await startDaemon();
    const body = new Body();
    const { outcome } = forward(createPool([entryOf(daemon)]), makeRequest(new Client(), body));
    const { stream } = await daemon.request();
    body.listener?.piece(Buffer.alloc(initialWindow - 10, 1));
    // More than a socket takes at once.
    while (body.isPaused) await turn();
    body.listener?.piece(Buffer.alloc(30, 2));
    expect(body.isPaused).toBe(true);
    expect((await daemon.body(stream, initialWindow)).length).toBe(initialWindow);
    daemon.send(FrameType.credit, stream, encodeCredit(100));
    expect((await daemon.body(stream, initialWindow + 20)).subarray(-30)).toEqual(Buffer.alloc(30, 2));
    while (body.isPaused) await turn();
    body.listener?.end();
    await daemon.frame(FrameType.end);
    daemon.text(FrameType.response, stream, '204 No Content');
    daemon.send(FrameType.end, stream);
    expect(await outcome).toEqual({ kind: 'done' });
  });

  it('sends a request that no callable has seen to another process, with its body', async () => {
    const [first, second] = [await startDaemon(), await startDaemon()];
    const body = new Body();
    const pool = createPool([entryOf(first)]);
    const { outcome } = forward(pool, makeRequest(new Client(), body));
    const { stream } = await first.request();
    body.listener?.piece(Buffer.from('abc'));
    await first.body(stream, 3);
    pool.announce([entryOf(first, { draining: true }), entryOf(second)]);
    first.text(FrameType.abort, stream, encodeAbort('retry', 'reloading'));
    const again = await second.request();
    body.listener?.piece(Buffer.from('def'));
    body.listener?.end();
    expect((await second.body(again.stream, 6)).toString()).toBe('abcdef');
    second.text(FrameType.response, again.stream, '200 OK');
    second.send(FrameType.end, again.stream);
    expect(await outcome).toEqual({ kind: 'done' });
    expect(body.starts).toBe(1);
  });

  it('loses nothing of a body while the request waits for another process, and sends nothing to the old one', async () => {
    const [first, second] = [await startDaemon(), await startDaemon()];
    const body = new Body();
    const pool = createPool([entryOf(first)]);
    const { outcome } = forward(pool, makeRequest(new Client(), body));
    const { stream } = await first.request();
    body.listener?.piece(Buffer.from('abc'));
    await first.body(stream, 3);
    pool.announce([entryOf(first, { draining: true })]);
    first.text(FrameType.abort, stream, encodeAbort('retry', 'reloading'));
    first.send(FrameType.ping, 0, Buffer.from('all heard?'));
    await first.frame(FrameType.pong);
    body.listener?.piece(Buffer.from('def'));
    expect(body.isPaused).toBe(true);
    body.listener?.piece(Buffer.from('ghi'));
    body.listener?.end();
    first.send(FrameType.ping, 0, Buffer.from('anything else?'));
    await first.frame(FrameType.pong, 1);
    expect(first.bodyOf(stream).toString()).toBe('abc');
    expect(first.frames.filter(({ type }) => type === FrameType.end)).toEqual([]);
    pool.announce([entryOf(first, { draining: true }), entryOf(second)]);
    const again = await second.request();
    await second.frame(FrameType.end);
    expect(second.bodyOf(again.stream).toString()).toBe('abcdefghi');
    second.text(FrameType.response, again.stream, '200 OK');
    second.send(FrameType.end, again.stream);
    expect(await outcome).toEqual({ kind: 'done' });
  });

  it('does not repeat what a callable has begun to read', async () => {
    const daemon = await startDaemon();
    const body = new Body();
    const { outcome } = forward(createPool([entryOf(daemon)]), makeRequest(new Client(), body));
    const { stream } = await daemon.request();
    daemon.send(FrameType.credit, stream, encodeCredit(1));
    daemon.text(FrameType.abort, stream, encodeAbort('retry', 'too late'));
    expect(await outcome).toMatchObject({ kind: 'refused', status: 503 });
  });

  it.each([
    ['error', 500],
    ['timeout', 504],
  ])('answers ABORT %s before the head with %i', async (code, status) => {
    const daemon = await startDaemon();
    const { outcome } = forward(createPool([entryOf(daemon)]), makeRequest(new Client()));
    const { stream } = await daemon.request();
    daemon.text(FrameType.abort, stream, encodeAbort(code, 'why'));
    expect(await outcome).toEqual({ kind: 'refused', status, reason: 'why' });
  });

  it('cuts the reply at an ABORT after the head', async () => {
    const daemon = await startDaemon();
    const client = new Client();
    const { outcome } = forward(createPool([entryOf(daemon)]), makeRequest(client));
    const { stream } = await daemon.request();
    daemon.text(FrameType.response, stream, '200 OK');
    daemon.text(FrameType.abort, stream, encodeAbort('error', 'raised'));
    expect(await outcome).toEqual({ kind: 'cut', reason: 'raised' });
    expect([client.wasCut, client.ended]).toEqual([true, false]);
  });

  it('answers 502 when the process dies before the head, cuts after it, and leaves others alone', async () => {
    const [dying, living] = [await startDaemon(), await startDaemon()];
    const pool = createPool([entryOf(dying, { threads: 2 }), entryOf(living, { threads: 2 })]);
    const clients = [new Client(), new Client(), new Client(), new Client()];
    const outcomes = clients.map((client) => forward(pool, makeRequest(client)).outcome);
    await dying.request(1);
    const [streamA, streamB] = [(await living.request(0)).stream, (await living.request(1)).stream];
    const { stream } = await dying.request(0);
    dying.text(FrameType.response, stream, '200 OK');
    while (!clients.some(({ status }) => status === 200)) await turn();
    dying.die();
    for (const id of [streamA, streamB]) {
      living.text(FrameType.response, id, '201 Created');
      living.send(FrameType.end, id);
    }
    const kinds = (await Promise.all(outcomes)).map((outcome) =>
      outcome.kind === 'refused' ? outcome.status : outcome.kind,
    );
    expect(kinds.sort()).toEqual([502, 'cut', 'done', 'done']);
    expect(clients.filter(({ wasCut }) => wasCut).length).toBe(1);
  });

  it.skipIf(process.platform !== 'linux')(
    'sends what a killed process has not read to a living one, body and all, and nothing else',
    async () => {
      const living = await startDaemon();
      const deaf = await startDeafDaemon();
      const pool = createPool([{ ...entryOf(living, { threads: 3 }), socketPath: deaf.socketPath }]);
      const read = forward(pool, makeRequest(new Client())).outcome;
      await deaf.hasRead;
      const body = new Body();
      const unread = forward(pool, makeRequest(new Client(), body)).outcome;
      body.listener?.piece(Buffer.from('whole'));
      body.listener?.end();
      for (let turns = 0; turns < 5; turns += 1) await turn();
      deaf.kill();
      expect(await read).toMatchObject({ kind: 'refused', status: 502 });
      pool.announce([entryOf(living, { threads: 3 })]);
      const { stream } = await living.request();
      expect((await living.body(stream, 5)).toString()).toBe('whole');
      living.text(FrameType.response, stream, '200 OK');
      living.send(FrameType.end, stream);
      expect(await unread).toEqual({ kind: 'done' });
    },
  );

  it('sends what comes in the very instant of an end to a living process', async () => {
    const [dying, living] = [await startDaemon(), await startDaemon()];
    const pool = createPool([entryOf(dying, { threads: 3 })]);
    const read = forward(pool, makeRequest(new Client())).outcome;
    await dying.request();
    // Closed at once; that it is closed is heard of in a later turn, and the request is written before that.
    dying.die();
    const late = forward(pool, makeRequest(new Client())).outcome;
    expect(await read).toMatchObject({ kind: 'refused', status: 502 });
    pool.announce([entryOf(living, { threads: 3 })]);
    const { stream } = await living.request();
    living.text(FrameType.response, stream, '200 OK');
    living.send(FrameType.end, stream);
    expect(await late).toEqual({ kind: 'done' });
    expect(dying.frames.filter(({ type }) => type === FrameType.request).length).toBe(1);
  });

  it('asks another process what a dead one has not read', async () => {
    const [dying, living] = [await startDaemon(), await startDaemon()];
    const pool = createPool([entryOf(dying)]);
    const ask = callFunction(
      pool,
      limits,
      {
        functionName: 'check_password',
        scriptFile: '/app.py',
        applicationGroup: '',
        checkScript: true,
        arguments: ['alice', 'secret'],
        environ: [],
      },
      () => {},
    );
    await turn();
    dying.die();
    pool.announce([entryOf(living)]);
    const { stream } = await living.frame(FrameType.call);
    living.text(FrameType.reply, stream, encodeReply({ kind: 'true' }));
    expect(await ask).toEqual({ kind: 'true' });
  });

  it('sends what waits to a living process when one dies', async () => {
    const [dying, living] = [await startDaemon(), await startDaemon()];
    const pool = createPool([entryOf(dying)]);
    const first = forward(pool, makeRequest(new Client())).outcome;
    await dying.request();
    const second = forward(pool, makeRequest(new Client())).outcome;
    dying.die();
    expect(await first).toMatchObject({ kind: 'refused', status: 502 });
    pool.announce([entryOf(living)]);
    const { stream } = await living.request();
    living.text(FrameType.response, stream, '200 OK');
    living.send(FrameType.end, stream);
    expect(await second).toEqual({ kind: 'done' });
  });

  it('tells the daemon when the client leaves', async () => {
    const daemon = await startDaemon();
    const forwarding = forward(createPool([entryOf(daemon)]), makeRequest(new Client()));
    await daemon.request();
    forwarding.abandon();
    expect(await forwarding.outcome).toEqual({ kind: 'gone' });
    expect(await daemon.abortCode()).toBe('gone');
  });

  it('ends the stream when the answer came before the whole body', async () => {
    const daemon = await startDaemon();
    const body = new Body();
    const { outcome } = forward(createPool([entryOf(daemon)]), makeRequest(new Client(), body));
    const { stream } = await daemon.request();
    daemon.text(FrameType.response, stream, '403 Forbidden');
    daemon.send(FrameType.end, stream);
    expect(await outcome).toEqual({ kind: 'done' });
    expect(await daemon.abortCode()).toBe('cancel');
    // What still comes from the client goes nowhere, and hurts nobody.
    body.listener?.piece(Buffer.from('late'));
    body.listener?.end();
  });

  it('passes on why an upload failed', async () => {
    const daemon = await startDaemon();
    const body = new Body();
    const { outcome } = forward(createPool([entryOf(daemon)]), makeRequest(new Client(), body));
    await daemon.request();
    body.listener?.fail(413, 'too large');
    expect(await outcome).toEqual({
      kind: 'refused',
      status: 413,
      reason: 'too large',
      isClients: true,
    });
    expect(await daemon.abortCode()).toBe('gone');
  });

  it('answers 504 when the daemon is silent for socket-timeout', async () => {
    const daemon = await startDaemon();
    const pool = createPool([entryOf(daemon)], silentSoon);
    const { outcome } = forward(pool, makeRequest(new Client()));
    expect(await outcome).toMatchObject({ kind: 'refused', status: 504 });
    expect(await daemon.abortCode()).toBe('timeout');
  });

  it('gives the daemon all of its time from the end of the body on', async () => {
    const daemon = await startDaemon();
    const body = new Body();
    const pool = createPool([entryOf(daemon)], { ...silentSoon, socketTimeoutMs: 1000 });
    const { outcome } = forward(pool, makeRequest(new Client(), body));
    const { stream } = await daemon.request();
    await new Promise((resolve) => setTimeout(resolve, 700));
    body.listener?.end();
    await new Promise((resolve) => setTimeout(resolve, 500));
    daemon.text(FrameType.response, stream, '200 OK');
    daemon.send(FrameType.end, stream);
    expect(await outcome).toEqual({ kind: 'done' });
  });

  it('does not count the time that the client takes against the daemon', async () => {
    const daemon = await startDaemon();
    const body = new Body();
    const pool = createPool([entryOf(daemon)], silentSoon);
    const { outcome } = forward(pool, makeRequest(new Client(), body));
    const { stream } = await daemon.request();
    await new Promise((resolve) => setTimeout(resolve, 100));
    body.listener?.end();
    daemon.text(FrameType.response, stream, '200 OK');
    daemon.send(FrameType.end, stream);
    expect(await outcome).toEqual({ kind: 'done' });
  });

  it.each([
    [
      'a body without a head',
      (daemon: FakeDaemon, stream: number) => daemon.send(FrameType.body, stream, Buffer.from('x')),
    ],
    ['an end without a head', (daemon: FakeDaemon, stream: number) => daemon.send(FrameType.end, stream)],
    [
      'a status that is none',
      (daemon: FakeDaemon, stream: number) => daemon.text(FrameType.response, stream, 'OK'),
    ],
    ['an unknown frame', (daemon: FakeDaemon) => daemon.raw(Buffer.from([0, 0, 0, 0xee, 0, 0, 0, 1]))],
    ['a request of its own', (daemon: FakeDaemon, stream: number) => daemon.send(FrameType.request, stream)],
  ])('answers 502 for %s', async (_, misbehave) => {
    const daemon = await startDaemon();
    const { outcome } = forward(createPool([entryOf(daemon)]), makeRequest(new Client()));
    const { stream } = await daemon.request();
    misbehave(daemon, stream);
    expect(await outcome).toMatchObject({ kind: 'refused', status: 502 });
  });
});

describe('ProcessPool', () => {
  it('sends to the least busy process and queues beyond `threads`', async () => {
    const [first, second] = [await startDaemon(), await startDaemon()];
    const pool = createPool([entryOf(first), entryOf(second)]);
    const outcomes = [0, 1, 2].map(() => forward(pool, makeRequest(new Client())).outcome);
    const { stream } = await first.request();
    await second.request();
    await turn();
    expect(first.frames.concat(second.frames).filter(({ type }) => type === FrameType.request).length).toBe(
      2,
    );
    first.text(FrameType.response, stream, '200 OK');
    first.send(FrameType.end, stream);
    expect(await outcomes[0]).toEqual({ kind: 'done' });
    await first.request(1);
  });

  it('refuses what cannot be said, alone or with its turn, and the place and the connection stay', async () => {
    const daemon = await startDaemon();
    const pool = createPool([entryOf(daemon)]);
    const unspeakable = () => {
      const request = makeRequest(new Client());
      return forward(pool, { ...request, message: { ...request.message, environ: ['V', 'a\0b'] } }).outcome;
    };
    expect(await unspeakable()).toMatchObject({ kind: 'refused', status: 500 });
    const before = forward(pool, makeRequest(new Client())).outcome;
    const waiting = unspeakable();
    const after = forward(pool, makeRequest(new Client())).outcome;
    const answer = ({ stream }: { stream: number }) => {
      daemon.text(FrameType.response, stream, '200 OK');
      daemon.send(FrameType.end, stream);
    };
    answer(await daemon.request());
    expect(await waiting).toMatchObject({ kind: 'refused', status: 500 });
    answer(await daemon.request(1));
    expect(await Promise.all([before, after])).toEqual([{ kind: 'done' }, { kind: 'done' }]);
  });

  it('refuses with 503 when listen-backlog requests wait', async () => {
    const daemon = await startDaemon();
    const pool = createPool([entryOf(daemon)], { listenBacklog: 1 });
    forward(pool, makeRequest(new Client()));
    forward(pool, makeRequest(new Client()));
    const { outcome } = forward(pool, makeRequest(new Client()));
    expect(await outcome).toMatchObject({ kind: 'refused', status: 503 });
  });

  it('refuses with 504 after queue-timeout', async () => {
    const daemon = await startDaemon();
    const pool = createPool([entryOf(daemon)], { queueTimeoutMs: 20 });
    forward(pool, makeRequest(new Client()));
    await daemon.request();
    const { outcome } = forward(pool, makeRequest(new Client()));
    expect(await outcome).toMatchObject({ kind: 'refused', status: 504 });
  });

  it('asks for processes when there are none, and refuses with 503 after connect-timeout', async () => {
    let asked = 0;
    const own = { ...limits, connectTimeoutMs: 20 };
    const pool = new ProcessPool({
      limits: own,
      isAlone: true,
      requestProcesses: () => (asked += 1),
      log: () => {},
    });
    pools.push(pool);
    const { outcome } = forward(pool, makeRequest(new Client()));
    expect(await outcome).toMatchObject({ kind: 'refused', status: 503 });
    expect(asked).toBe(1);
  });

  it('serves what waited as soon as a process comes', async () => {
    const daemon = await startDaemon();
    const pool = createPool([]);
    const { outcome } = forward(pool, makeRequest(new Client()));
    pool.announce([entryOf(daemon)]);
    const { stream } = await daemon.request();
    daemon.text(FrameType.response, stream, '200 OK');
    daemon.send(FrameType.end, stream);
    expect(await outcome).toEqual({ kind: 'done' });
  });

  it('lets a request finish in a process that is no longer announced', async () => {
    const daemon = await startDaemon();
    const pool = createPool([entryOf(daemon)]);
    const { outcome } = forward(pool, makeRequest(new Client()));
    const { stream } = await daemon.request();
    pool.announce([]);
    daemon.text(FrameType.response, stream, '200 OK');
    daemon.send(FrameType.end, stream);
    expect(await outcome).toEqual({ kind: 'done' });
  });
});

describe('callFunction', () => {
  const message = {
    functionName: 'check_password',
    scriptFile: '/auth.py',
    applicationGroup: '',
    checkScript: true,
    arguments: ['u', 'p'],
    environ: [],
  } as const;

  it('returns the reply', async () => {
    const daemon = await startDaemon();
    const reply = callFunction(createPool([entryOf(daemon)]), limits, message, () => {});
    const { stream } = await daemon.frame(FrameType.call);
    daemon.text(FrameType.reply, stream, encodeReply({ kind: 'text', text: 'alice' }));
    expect(await reply).toEqual({ kind: 'text', text: 'alice' });
  });

  it('fails when something cannot be said, and gives the place back', async () => {
    const daemon = await startDaemon();
    const pool = createPool([entryOf(daemon)]);
    const unspeakable = callFunction(pool, limits, { ...message, arguments: ['u', 'a\0b'] }, () => {});
    await expect(unspeakable).rejects.toThrow(CallFailure);
    callFunction(pool, { ...limits, socketTimeoutMs: 0 }, message, () => {}).catch(() => {});
    await daemon.frame(FrameType.call);
  });

  it('fails when the process dies, and when it is silent', async () => {
    const daemon = await startDaemon();
    const pool = createPool([entryOf(daemon)]);
    const lost = callFunction(pool, limits, message, () => {});
    await daemon.frame(FrameType.call);
    daemon.die();
    await expect(lost).rejects.toThrow(CallFailure);
    const silent = callFunction(pool, { ...limits, socketTimeoutMs: 20 }, message, () => {});
    await expect(silent).rejects.toThrow('socket-timeout');
  });
});
