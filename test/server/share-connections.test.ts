import { EventEmitter } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import type { Socket } from 'node:net';
import { setTimeout } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ConnectionTallyFile } from '../../src/processes/connection-tally-file.js';
import { ConnectionTally } from '../../src/server/connection-tally.js';
import { createSharing } from '../../src/server/share-connections.js';

let file: ConnectionTallyFile;

beforeEach(() => {
  const made = ConnectionTallyFile.create(3);
  if (made === undefined) throw new Error('no folder can be written to');
  file = made;
});

afterEach(async () => {
  vi.useRealTimers();
  // What is to be written a little later must not come into the next test's file.
  await setTimeout(20);
  file.close();
});

function join(): ConnectionTally {
  const place = file.take();
  if (place === undefined) throw new Error('no place is left');
  return new ConnectionTally({ fd: file.fd, place, places: 3 });
}

function open(tally: ConnectionTally, count: number): void {
  for (let made = 0; made < count; made += 1) tally.opened();
}

describe('a tally of connections', () => {
  it('knows by how many one is ahead of the one that has the fewest', () => {
    const [one, two, three] = [join(), join(), join()];
    open(one, 12);
    open(two, 8);
    open(three, 4);
    expect([one.lead(), two.lead(), three.lead()]).toEqual([8, 4, 0]);
  });

  it('passes over what makes no difference', () => {
    const [one, two] = [join(), join()];
    open(one, 1);
    expect(one.lead()).toBe(0);
    open(two, 500);
    open(one, 519);
    expect(one.lead()).toBe(0);
    open(one, 40);
    expect(one.lead()).toBeGreaterThanOrEqual(60);
  });

  it('does not count on who has not come yet, or has ended', async () => {
    const one = join();
    open(one, 10);
    expect(one.lead()).toBe(0);
    const two = join();
    await expect.poll(() => one.lead()).toBe(10);
    open(two, 4);
    await expect.poll(() => one.lead()).toBe(6);
    file.giveBack(1);
    expect(one.lead()).toBe(0);
    expect(file.take()).toBe(1);
  });

  it('tells the others soon of connections that have ended', async () => {
    const [one, two] = [join(), join()];
    open(two, 40);
    open(one, 40);
    two.closed();
    two.closed();
    await expect.poll(() => one.lead()).toBe(0);
    two.closed();
    two.closed();
    await expect.poll(() => one.lead()).toBe(4);
  });

  it('asks nobody any more when it cannot write', () => {
    const fd = openSync('/dev/null', 'r');
    const tally = new ConnectionTally({ fd, place: 0, places: 3 });
    open(tally, 10);
    expect(tally.lead()).toBe(0);
    closeSync(fd);
  });
});

describe('sharing connections', () => {
  const makeSocket = () => new EventEmitter() as unknown as Socket;

  it('waits while it is ahead, the longer the further', () => {
    const [one, two] = [join(), join()];
    const wait = vi.fn();
    const accepted = createSharing(one, wait);
    for (let count = 0; count < 5; count += 1) accepted(makeSocket());
    const times = wait.mock.calls.map(([forMs]) => forMs as number);
    expect(times).toHaveLength(4);
    expect(times).toEqual([...times].sort((a, b) => a - b));
    wait.mockClear();
    open(two, 6);
    accepted(makeSocket());
    expect(wait).not.toHaveBeenCalled();
  });

  it('does not wait for somebody who takes nothing more than so often', () => {
    vi.useFakeTimers({ toFake: ['performance'] });
    const [one] = [join(), join()];
    const wait = vi.fn();
    const accepted = createSharing(one, wait);
    for (let count = 0; count < 1_000; count += 1) accepted(makeSocket());
    expect(wait.mock.calls.length).toBeLessThanOrEqual(201);
    vi.advanceTimersByTime(100);
    wait.mockClear();
    for (let count = 0; count < 100; count += 1) accepted(makeSocket());
    expect(wait.mock.calls.length).toBeGreaterThanOrEqual(9);
    expect(wait.mock.calls.length).toBeLessThanOrEqual(11);
  });

  it('does not wait where connections end at once', () => {
    const [one] = [join(), join()];
    const wait = vi.fn();
    const accepted = createSharing(one, wait);
    const brief = Array.from({ length: 400 }, makeSocket);
    for (const socket of brief) accepted(socket);
    for (const socket of brief) socket.emit('close');
    wait.mockClear();
    for (let count = 0; count < 3; count += 1) accepted(makeSocket());
    expect(wait).not.toHaveBeenCalled();
  });
});
