import { mkdtempSync, readdirSync, readlinkSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { SpooledBody } from '../../src/gateway/spooled-body.js';
import type { BodySource } from '../../src/proxy/index.js';

type Listener = Parameters<BodySource['start']>[0];

let folder: string;
const fail = vi.fn();

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'modhost-spool-'));
  vi.stubEnv('TMPDIR', folder);
  fail.mockReset();
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true });
});

/** A client that sends so much, and waits when it is told to. */
class Client implements BodySource {
  listener: Listener | undefined;
  isPaused = false;
  #onResumed: (() => void) | undefined;

  start(listener: Listener): void {
    this.listener = listener;
  }
  pause(): void {
    this.isPaused = true;
  }
  resume(): void {
    this.isPaused = false;
    this.#onResumed?.();
  }

  async send(bytes: Buffer, pieceBytes = 50_000): Promise<void> {
    for (let at = 0; at < bytes.length; at += pieceBytes) {
      if (this.isPaused)
        await new Promise<void>((resolve) => {
          this.#onResumed = resolve;
        });
      this.listener?.piece(bytes.subarray(at, at + pieceBytes));
    }
    this.listener?.end();
  }
}

const sample = (length: number) => Buffer.from(Array.from({ length }, (_, at) => (at * 7 + (at >> 8)) & 255));

/** Everything, from whoever pauses after each piece for a while. */
function read(body: BodySource, pauses: boolean): Promise<Buffer> {
  return new Promise((resolve) => {
    const pieces: Buffer[] = [];
    body.start({
      piece: (bytes) => {
        pieces.push(bytes);
        if (!pauses) return;
        body.pause();
        setTimeout(() => body.resume(), 2);
      },
      end: () => resolve(Buffer.concat(pieces)),
      fail: () => {},
    });
  });
}

/** Descriptors of this process that lead to files of the folder. */
function openFiles(): number {
  return readdirSync('/proc/self/fd').filter((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`).startsWith(folder);
    } catch {
      return false;
    }
  }).length;
}

it.each([
  [0, 0],
  [1, 0],
  [131_072, 0],
  [131_073, 1],
  [1_000_000, 1],
])('a body of %i bytes comes out as it went in', async (length, files) => {
  for (const pauses of [false, true]) {
    const client = new Client();
    const body = new SpooledBody(client, fail);
    const filled = new Promise<number>((resolve) => body.fill(resolve));
    const whole = sample(length);
    void client.send(whole);
    expect(await filled).toBe(length);
    expect([openFiles(), readdirSync(folder)]).toEqual([files, []]);
    expect((await read(body, pauses)).equals(whole)).toBe(true);
    await expect.poll(openFiles).toBe(0);
  }
  expect(fail).not.toHaveBeenCalled();
});

it('a client waits while its body is written', async () => {
  const client = new Client();
  const body = new SpooledBody(client, fail);
  body.fill(() => {});
  client.listener?.piece(Buffer.alloc(131_073));
  expect(client.isPaused).toBe(true);
  await expect.poll(() => client.isPaused).toBe(false);
  body.discard();
  await expect.poll(openFiles).toBe(0);
});

it.each([0, 5, 50])('nothing is left of one that nobody wants after %i ms', async (ms) => {
  const client = new Client();
  const body = new SpooledBody(client, fail);
  const filled = vi.fn();
  body.fill(filled);
  void client.send(sample(2_000_000)).then(() => filled.mockName('sent'));
  await new Promise((resolve) => setTimeout(resolve, ms));
  const calls = filled.mock.calls.length;
  body.discard();
  await expect.poll(() => client.isPaused).toBe(false);
  await expect.poll(() => filled.getMockName()).toBe('sent');
  await expect.poll(openFiles).toBe(0);
  expect(filled.mock.calls.length).toBe(calls);
  expect(fail).not.toHaveBeenCalled();
});

it('a client that breaks off is told of', () => {
  const client = new Client();
  new SpooledBody(client, fail).fill(() => {});
  client.listener?.fail(400, 'a malformed chunk');
  expect(fail).toHaveBeenCalledWith(400, 'a malformed chunk', 'client');
});

it('a body that cannot be kept is refused, and flows away', async () => {
  vi.stubEnv('TMPDIR', join(folder, 'gone'));
  const client = new Client();
  const body = new SpooledBody(client, fail);
  const filled = vi.fn();
  body.fill(filled);
  await client.send(sample(500_000));
  await expect.poll(() => fail.mock.calls.length).toBe(1);
  expect(fail).toHaveBeenCalledWith(500, expect.stringMatching(/could not be kept in .*ENOENT/), 'own');
  expect(filled).not.toHaveBeenCalled();
});
