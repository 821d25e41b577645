import { execFileSync } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { app, DaemonProcess, type Exchange, endAll, type FrontEnd } from './daemon-process.js';

const script = app('blocking.py');

afterEach(endAll);

async function ask(frontEnd: FrontEnd, path: string, query = ''): Promise<string> {
  const exchange = await frontEnd.get(script, { path, query });
  expect(exchange.ended).toBe(true);
  return exchange.body;
}

/** With a worker that reads the connections itself, as after the first request. */
async function startReading(threads: number): Promise<{ daemon: DaemonProcess; frontEnd: FrontEnd }> {
  const daemon = await DaemonProcess.start({ threads });
  const frontEnd = await daemon.connect();
  for (let count = 0; count < 5; count += 1) await ask(frontEnd, '/note', 'first');
  return { daemon, frontEnd };
}

/** A request that blocks without waiting for the front end, so that its thread cannot know; `release` ends it. */
async function hold(daemon: DaemonProcess, frontEnd: FrontEnd) {
  const pipe = join(daemon.folder, 'pipe');
  execFileSync('mkfifo', [pipe]);
  const exchange = frontEnd.request({ script, path: '/hold', query: pipe });
  await exchange.logged(/entered/);
  return {
    release: async (): Promise<Exchange> => {
      await writeFile(pipe, '');
      return exchange.done();
    },
  };
}

describe('a thread that reads and then blocks in the application', () => {
  it('does not keep PING from being answered, nor front ends from connecting', async () => {
    const { daemon, frontEnd } = await startReading(1);
    const held = await hold(daemon, frontEnd);
    await frontEnd.confirm();
    const other = await daemon.connect();
    await other.confirm();
    expect((await held.release()).body).toBe('1');
    await daemon.drain();
  });

  it('does not keep requests from other threads, and what they need from them', async () => {
    const { daemon, frontEnd } = await startReading(2);
    const held = await hold(daemon, frontEnd);
    expect(await ask(frontEnd, '/note', 'free')).toBe('2');
    const waiting = frontEnd.request({ script, path: '/wait', query: 'body', bodyFollows: true });
    await waiting.logged(/entered/);
    waiting.sendBody('x');
    waiting.sendEnd();
    expect((await waiting.done()).body).toBe('2');
    expect((await held.release()).body).toBe('1');
    await daemon.drain();
  });

  it('does not keep ABORT from what waits in line', async () => {
    const { daemon, frontEnd } = await startReading(1);
    const held = await hold(daemon, frontEnd);
    const left = frontEnd.request({ script, path: '/note', query: 'left' });
    const stays = frontEnd.request({ script, path: '/note', query: 'stays' });
    left.sendAbort('gone');
    await frontEnd.confirm();
    await held.release();
    await stays.done();
    expect(await ask(frontEnd, '/seen')).toBe('first,first,first,first,first,stays');
    await daemon.drain();
  });

  it('does not keep the process from ending when it is told to', async () => {
    const { daemon, frontEnd } = await startReading(1);
    const held = await hold(daemon, frontEnd);
    const ended = daemon.drain();
    await frontEnd.drained();
    expect((await held.release()).ended).toBe(true);
    await ended;
  });

  it('reads again afterwards', async () => {
    const { daemon, frontEnd } = await startReading(3);
    for (let round = 0; round < 3; round += 1) {
      await Promise.all(Array.from({ length: 6 }, () => ask(frontEnd, '/sleep', '0.01')));
      for (let count = 0; count < 20; count += 1) await ask(frontEnd, '/note');
      await Promise.all(Array.from({ length: 200 }, () => ask(frontEnd, '/note')));
    }
    await daemon.drain();
  });
});

describe('an idle thread that reads', () => {
  it('serves several front ends, also those that come later, and outlives those that leave', async () => {
    const { daemon, frontEnd } = await startReading(2);
    const second = await daemon.connect();
    const third = await daemon.connect();
    for (const one of [frontEnd, second, third]) await ask(one, '/note');
    second.leave();
    for (const one of [frontEnd, third, frontEnd]) await ask(one, '/note');
    await daemon.drain();
  });

  it('lets the process end without a word from the front ends', async () => {
    const { daemon } = await startReading(2);
    daemon.signal('SIGTERM');
    expect(await daemon.exit()).toBe(0);
  });
});
