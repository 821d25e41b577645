import { afterEach, describe, expect, it } from 'vitest';
import {
  type BodySource,
  callFunction,
  type DaemonProcessEntry,
  type ForwardOutcome,
  forward,
  type GroupLimits,
  ProcessPool,
} from '../../src/proxy/index.js';
import { encodeAbort, encodeCredit, encodeReply, FrameType } from '../../src/wire/index.js';
import { FakeDaemon } from './fake-daemon.js';

const limits: GroupLimits = {
  connectTimeoutMs: 5_000,
  socketTimeoutMs: 0,
  queueTimeoutMs: 0,
  processes: 1,
  listenBacklog: 100,
};
const daemons: FakeDaemon[] = [];
const pools: ProcessPool[] = [];

afterEach(async () => {
  for (const pool of pools.splice(0)) pool.close();
  await Promise.all(daemons.splice(0).map((daemon) => daemon.close()));
});

async function startDaemon(takesAhead = true): Promise<FakeDaemon> {
  const daemon = new FakeDaemon(true, takesAhead);
  daemons.push(daemon);
  await daemon.listen();
  return daemon;
}

function entryOf({ socketPath }: FakeDaemon, threads = 1): DaemonProcessEntry {
  return { group: 'g', runtime: 'python', pid: 1, socketPath, token: 'secret', threads, draining: false };
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

/** Forwards a request that says its name. */
function send(pool: ProcessPool, name: string, body?: BodySource): Promise<ForwardOutcome> {
  const message = {
    scriptFile: '/app.py',
    applicationGroup: '',
    callableName: 'application',
    callInterface: 'auto',
    checkScript: true,
    environ: ['NAME', name],
    headers: [],
  } as const;
  const sink = {
    head: () => ({ accepted: true }) as const,
    write: () => true,
    writeText: () => true,
    onDrain: () => {},
    end: () => {},
    cut: () => {},
  };
  return forward(pool, { message, ...(body === undefined ? {} : { body }), sink, log: () => {} }).outcome;
}

/** A body that is there at once. */
function bodyOf(text: string): BodySource {
  return {
    start: (listener) => {
      listener.piece(Buffer.from(text));
      listener.end();
    },
    pause: () => {},
    resume: () => {},
  };
}

async function seen(daemon: FakeDaemon, count: number): Promise<string[]> {
  const requests = await Promise.all(Array.from({ length: count }, (_, nth) => daemon.request(nth)));
  return requests.map(({ environ, isAhead }) => `${environ[1]}${isAhead === true ? ' ahead' : ''}`);
}

async function answer(daemon: FakeDaemon, nth: number): Promise<void> {
  const { stream } = await daemon.request(nth);
  daemon.text(FrameType.response, stream, '200 OK');
  daemon.send(FrameType.end, stream);
}

const done = { kind: 'done' };

describe('requests ahead', () => {
  it('are sent until there are sixteen, in order, and marked', async () => {
    const daemon = await startDaemon();
    const pool = createPool([entryOf(daemon)]);
    const names = Array.from({ length: 18 }, (_, at) => `${at}`);
    const outcomes = names.map((name) => send(pool, name));
    expect(await seen(daemon, 16)).toEqual(
      names.slice(0, 16).map((name, at) => (at ? `${name} ahead` : name)),
    );
    await answer(daemon, 0);
    expect(await seen(daemon, 17)).toContain('16 ahead');
    expect(daemon.frames.filter(({ type }) => type === FrameType.request)).toHaveLength(17);
    for (let nth = 1; nth < 18; nth += 1) await answer(daemon, nth);
    expect(await Promise.all(outcomes)).toEqual(names.map(() => done));
  });

  it('are fewer with more threads', async () => {
    const daemon = await startDaemon();
    const pool = createPool([entryOf(daemon, 14)]);
    const names = Array.from({ length: 17 }, (_, at) => `${at}`);
    const outcomes = names.map((name) => send(pool, name));
    expect((await seen(daemon, 16)).slice(12)).toEqual(['12', '13', '14 ahead', '15 ahead']);
    for (let nth = 0; nth < 17; nth += 1) await answer(daemon, nth);
    expect(await Promise.all(outcomes)).toEqual(names.map(() => done));
  });

  it.each([
    ['the daemon process does not know them', false, 1, {}],
    ['the group has several processes', true, 1, { processes: 2 }],
    ['nothing is said of processes', true, 1, { processes: undefined }],
    ['queue-timeout counts those that wait', true, 1, { queueTimeoutMs: 10_000 }],
    ['there are as many threads', true, 16, {}],
  ])('are not sent when %s', async (_, takesAhead, threads, own) => {
    const daemon = await startDaemon(takesAhead);
    const pool = createPool([entryOf(daemon, threads)], own as Partial<GroupLimits>);
    const names = Array.from({ length: threads + 2 }, (_, at) => `${at}`);
    const outcomes = names.map((name) => send(pool, name));
    expect(await seen(daemon, threads)).toEqual(names.slice(0, threads));
    await answer(daemon, 0);
    expect((await seen(daemon, threads + 1)).at(-1)).toBe(names[threads]);
    for (let nth = 1; nth < names.length; nth += 1) await answer(daemon, nth);
    expect(await Promise.all(outcomes)).toEqual(names.map(() => done));
  });
});

describe('when a daemon process is killed', () => {
  it('what it had not accepted is sent to the next one', async () => {
    const killed = await startDaemon();
    const next = await startDaemon();
    const pool = createPool([entryOf(killed)]);
    const [begun, accepted, ...ahead] = ['a', 'b', 'c', 'd'].map((name) => send(pool, name));
    const { stream } = await killed.request(1);
    killed.send(FrameType.accepted, stream);
    await seen(killed, 4);
    killed.send(FrameType.ping, 0, Buffer.from('read'));
    await killed.frame(FrameType.pong);
    killed.die();
    expect(await begun).toMatchObject({ kind: 'refused', status: 502 });
    expect(await accepted).toMatchObject({ kind: 'refused', status: 502 });
    pool.announce([entryOf(next)]);
    expect(await seen(next, 2)).toEqual(['c', 'd ahead']);
    await answer(next, 0);
    await answer(next, 1);
    expect(await Promise.all(ahead)).toEqual([done, done]);
  });

  it('the oldest that is left counts as accepted, and is not sent again', async () => {
    const killed = await startDaemon();
    const next = await startDaemon();
    const pool = createPool([entryOf(killed)]);
    const [over, oldest, ...ahead] = ['a', 'b', 'c', 'd'].map((name) => send(pool, name));
    await seen(killed, 4);
    await answer(killed, 0);
    expect(await over).toEqual(done);
    killed.die();
    expect(await oldest).toMatchObject({ kind: 'refused', status: 502 });
    pool.announce([entryOf(next)]);
    expect(await seen(next, 2)).toEqual(['c', 'd ahead']);
    await answer(next, 0);
    await answer(next, 1);
    expect(await Promise.all(ahead)).toEqual([done, done]);
  });

  it('what it has said counts, though a write to it has failed before that was read', async () => {
    const killed = await startDaemon();
    const next = await startDaemon();
    const pool = createPool([entryOf(killed)]);
    const [begun, accepted, ahead] = ['a', 'b', 'c'].map((name) => send(pool, name));
    await seen(killed, 3);
    const { stream } = await killed.request(1);
    // All in one turn of the event loop: this end writes before it reads.
    killed.send(FrameType.accepted, stream);
    killed.die();
    const late = send(pool, 'd');
    expect(await begun).toMatchObject({ kind: 'refused', status: 502 });
    expect(await accepted).toMatchObject({ kind: 'refused', status: 502 });
    pool.announce([entryOf(next)]);
    expect(await seen(next, 2)).toEqual(['c', 'd ahead']);
    await answer(next, 0);
    await answer(next, 1);
    expect(await Promise.all([ahead, late])).toEqual([done, done]);
  });

  it('goes along with its body, unless somebody may have read of it', async () => {
    const killed = await startDaemon();
    const next = await startDaemon();
    const pool = createPool([entryOf(killed)]);
    const begun = send(pool, 'a');
    const kept = send(pool, 'b', bodyOf('kept'));
    const read = send(pool, 'c', bodyOf('read'));
    await seen(killed, 3);
    killed.send(FrameType.credit, (await killed.request(2)).stream, encodeCredit(4));
    killed.send(FrameType.ping, 0, Buffer.from('read'));
    await killed.frame(FrameType.pong);
    killed.die();
    expect(await begun).toMatchObject({ kind: 'refused', status: 502 });
    expect(await read).toMatchObject({ kind: 'refused', status: 502 });
    pool.announce([entryOf(next)]);
    const { stream, environ } = await next.request();
    expect(environ).toEqual(['NAME', 'b']);
    expect((await next.body(stream, 4)).toString()).toBe('kept');
    await answer(next, 0);
    expect(await kept).toEqual(done);
  });

  it('is not tried for ever', async () => {
    const killed = await startDaemon();
    const pool = createPool([entryOf(killed)]);
    const begun = send(pool, 'a');
    const ahead = send(pool, 'b');
    await seen(killed, 2);
    killed.die();
    expect(await begun).toMatchObject({ kind: 'refused', status: 502 });
    // Nobody is ahead of it now: the second loss is its own.
    const again = await killed.request(2);
    expect([again.environ[1], again.isAhead]).toEqual(['b', undefined]);
    killed.die();
    expect(await ahead).toMatchObject({ kind: 'refused', status: 502 });
  });
});

it('a request that is given back goes to the next process', async () => {
  const draining = await startDaemon();
  const next = await startDaemon();
  const pool = createPool([entryOf(draining)]);
  const begun = send(pool, 'a');
  const ahead = send(pool, 'b');
  await seen(draining, 2);
  draining.send(FrameType.drain, 0);
  draining.text(
    FrameType.abort,
    (await draining.request(1)).stream,
    encodeAbort('retry', 'the daemon process is draining'),
  );
  pool.announce([{ ...entryOf(draining), draining: true }, entryOf(next)]);
  expect(await seen(next, 1)).toEqual(['b']);
  await answer(next, 0);
  expect(await ahead).toEqual(done);
  await answer(draining, 0);
  expect(await begun).toEqual(done);
});

it('a CALL that was sent ahead is repeated, too, unless it was accepted', async () => {
  const killed = await startDaemon();
  const next = await startDaemon();
  const pool = createPool([entryOf(killed)]);
  const message = {
    functionName: 'check_password',
    scriptFile: '/auth.py',
    applicationGroup: '',
    checkScript: true,
    arguments: ['u', 'p'],
    environ: [],
  } as const;
  const ask = () => callFunction(pool, limits, message, () => {});
  const begun = ask();
  const accepted = ask();
  const ahead = ask();
  const outcomes = Promise.allSettled([begun, accepted]);
  await killed.frame(FrameType.call, 2);
  killed.send(FrameType.accepted, (await killed.frame(FrameType.call, 1)).stream);
  killed.send(FrameType.ping, 0, Buffer.from('read'));
  await killed.frame(FrameType.pong);
  killed.die();
  expect((await outcomes).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  pool.announce([entryOf(next)]);
  const { stream } = await next.frame(FrameType.call);
  next.text(FrameType.reply, stream, encodeReply({ kind: 'true' }));
  expect(await ahead).toEqual({ kind: 'true' });
});
