import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { Listening, SilenceRow } from '../../src/proxy/silence-row.js';

const limitMs = 32_000;
/** As late as silence may be noticed. */
const lateMs = 1_000;

class Ear extends Listening {
  heardNothing = 0;
  override silent(): void {
    this.heardNothing += 1;
  }
  override hear(): void {
    super.hear();
  }
}

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

it('tells of silence once, never early and hardly late, whenever it began', () => {
  const row = new SilenceRow(limitMs);
  const ears = Array.from({ length: 5 }, () => new Ear());
  const first = new Ear();
  row.add(first);
  for (const ear of ears) {
    vi.advanceTimersByTime(777);
    row.add(ear);
  }
  vi.advanceTimersByTime(limitMs - 1);
  expect(first.heardNothing).toBe(1);
  expect(ears.at(-1)?.heardNothing).toBe(0);
  vi.advanceTimersByTime(1 + lateMs);
  vi.advanceTimersByTime(3 * limitMs);
  expect([first, ...ears].map((ear) => ear.heardNothing)).toEqual([1, 1, 1, 1, 1, 1]);
});

it('begins anew with everything that is heard', () => {
  const row = new SilenceRow(limitMs);
  const [quiet, busy] = [new Ear(), new Ear()];
  row.add(quiet);
  row.add(busy);
  for (let at = 0; at < 4; at += 1) {
    vi.advanceTimersByTime(limitMs - 1);
    busy.hear();
  }
  expect([quiet.heardNothing, busy.heardNothing]).toEqual([1, 0]);
  vi.advanceTimersByTime(limitMs - 1);
  expect(busy.heardNothing).toBe(0);
  vi.advanceTimersByTime(1 + lateMs);
  expect(busy.heardNothing).toBe(1);
});

it('does not tell those who have left, whoever ends them and wherever they stand', () => {
  const row = new SilenceRow(limitMs);
  const ears = Array.from({ length: 4 }, () => new Ear());
  for (const ear of ears) row.add(ear);
  const [first, second, third, fourth] = ears as [Ear, Ear, Ear, Ear];
  row.remove(second);
  // Whoever is told ends another one.
  fourth.silent = () => {
    fourth.heardNothing += 1;
    row.remove(first);
  };
  vi.advanceTimersByTime(limitMs + lateMs);
  expect(ears.map((ear) => ear.heardNothing)).toEqual([0, 0, 1, 1]);
  expect(third.row).toBeUndefined();
});

it('may be joined again by those who are told, and looks at nobody when all have left', () => {
  const row = new SilenceRow(limitMs);
  const ear = new Ear();
  ear.silent = () => {
    ear.heardNothing += 1;
    row.add(ear);
  };
  row.add(ear);
  vi.advanceTimersByTime(limitMs + lateMs);
  vi.advanceTimersByTime(limitMs + lateMs);
  expect(ear.heardNothing).toBe(2);
  row.remove(ear);
  vi.advanceTimersByTime(2 * lateMs);
  expect(vi.getTimerCount()).toBe(0);
});

it('lets everybody wait where there is no limit', () => {
  const row = new SilenceRow(0);
  const ear = new Ear();
  row.add(ear);
  vi.advanceTimersByTime(1e9);
  expect([ear.heardNothing, vi.getTimerCount()]).toEqual([0, 0]);
});
