import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { ClientWait } from '../../src/server/client-wait.js';

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

/** A wait of a second for each piece, and of three for all; what it said at the end. */
function begin() {
  const wait = new ClientWait(1_000);
  wait.readLimit = { initialMs: 3_000 };
  const said: string[] = [];
  wait.begin(
    () => 0,
    (reason) => said.push(reason),
  );
  return { wait, said };
}

it('ends a second after the last piece', () => {
  const { wait, said } = begin();
  vi.advanceTimersByTime(900);
  wait.goOn();
  vi.advanceTimersByTime(900);
  expect(said).toEqual([]);
  vi.advanceTimersByTime(10_000);
  expect(said).toEqual(['the request body did not arrive in time (Timeout)']);
});

it('ends after three seconds in all', () => {
  const { wait, said } = begin();
  for (let piece = 0; piece < 10; piece += 1) {
    vi.advanceTimersByTime(500);
    wait.goOn();
  }
  expect(said).toEqual(['the request body did not arrive in time (RequestReadTimeout)']);
});

it('counts no time in which nobody reads', () => {
  const { wait, said } = begin();
  vi.advanceTimersByTime(900);
  wait.pause();
  vi.advanceTimersByTime(20_000);
  wait.pause();
  wait.resume();
  for (let piece = 0; piece < 2; piece += 1) {
    vi.advanceTimersByTime(900);
    wait.goOn();
  }
  expect(said).toEqual([]);
  vi.advanceTimersByTime(900);
  expect(said).toEqual(['the request body did not arrive in time (RequestReadTimeout)']);
});

it('says nothing when it is stopped, whatever comes then', () => {
  const { wait, said } = begin();
  wait.stop();
  wait.goOn();
  wait.pause();
  wait.resume();
  vi.advanceTimersByTime(20_000);
  expect(said).toEqual([]);
});
