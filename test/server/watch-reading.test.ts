import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { watchReading } from '../../src/server/watch-reading.js';

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

/** When a client that sends so many bytes a second, and is excused for so long, is too slow: seconds. */
function expiry(limit: Parameters<typeof watchReading>[0], bytesPerSecond: number, excusedMs = 0) {
  const begun = performance.now();
  let expired: number | undefined;
  const bytes = () => ((performance.now() - begun) / 1000) * bytesPerSecond;
  watchReading(limit, { bytes, excusedMs: () => excusedMs }, () => {
    expired = performance.now() - begun;
  });
  vi.advanceTimersByTime(200_000);
  return expired === undefined ? undefined : Math.round(expired / 100) / 10;
}

it.each([
  ['no limit', undefined, 0, undefined],
  ['0', { initialMs: 0 }, 0, undefined],
  ['2', { initialMs: 2_000 }, 1_000, 2],
  ['2,MinRate=10, nothing sent', { initialMs: 2_000, bytesPerSecond: 10 }, 0, 2],
  ['2,MinRate=10, 5 a second', { initialMs: 2_000, bytesPerSecond: 10 }, 5, 4],
  ['2,MinRate=10, 11 a second', { initialMs: 2_000, bytesPerSecond: 10 }, 11, undefined],
  ['2-3,MinRate=10, 1000 a second', { initialMs: 2_000, maximumMs: 3_000, bytesPerSecond: 10 }, 1_000, 3],
] as const)('%s', (_, limit, rate, seconds) => {
  expect(expiry(limit, rate)).toBe(seconds);
});

it('does not count the time in which nobody reads', () => {
  expect(expiry({ initialMs: 2_000, bytesPerSecond: 10 }, 0, 1_500)).toBe(3.5);
});

it('is quiet when it is stopped', () => {
  const expire = vi.fn();
  watchReading({ initialMs: 1_000 }, { bytes: () => 0 }, expire).stop();
  vi.advanceTimersByTime(10_000);
  expect(expire).not.toHaveBeenCalled();
});
