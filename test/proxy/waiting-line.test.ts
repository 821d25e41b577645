import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { GroupLimits } from '../../src/proxy/index.js';
import { WaitingLine } from '../../src/proxy/waiting-line.js';

const limits: GroupLimits = {
  connectTimeoutMs: 15_000,
  socketTimeoutMs: 60_000,
  queueTimeoutMs: 0,
  listenBacklog: 2,
};

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

/** A line with so many in it, and what each of them was told. */
function createLine(count: number, own: Partial<GroupLimits> = {}) {
  const line = new WaitingLine({ ...limits, ...own });
  const told: (string | undefined)[] = Array.from({ length: count });
  const waiting = told.map((_, at) =>
    line.join((answer) => {
      told[at] = answer.kind === 'lease' ? 'lease' : `${answer.status} ${answer.reason}`;
    }),
  );
  return { line, told, waiting };
}

describe('WaitingLine', () => {
  it('lets those beyond listen-backlog wait before it, for connect-timeout', () => {
    const { told } = createLine(3);
    vi.advanceTimersByTime(14_999);
    expect(told).toEqual([undefined, undefined, undefined]);
    vi.advanceTimersByTime(1);
    expect(told).toEqual([
      undefined,
      undefined,
      '503 2 requests wait for this process group already (listen-backlog), for 15 s (connect-timeout)',
    ]);
  });

  it('lets nobody wait longer than socket-timeout', () => {
    const { line, told } = createLine(1);
    vi.advanceTimersByTime(60_000);
    expect(told).toEqual(['504 no daemon process was free for 60 s (socket-timeout)']);
    expect(line.isEmpty).toBe(true);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('measures queue-timeout from the first moment, wherever one waited', () => {
    const { line, told } = createLine(3, { queueTimeoutMs: 5_000 });
    vi.advanceTimersByTime(4_000);
    line.shift();
    vi.advanceTimersByTime(1_000);
    expect(told.slice(1)).toEqual([
      '504 no daemon process was free for 5 s (queue-timeout)',
      '504 no daemon process was free for 5 s (queue-timeout)',
    ]);
  });

  it('is served in order, and makes room for whoever waits before it', () => {
    const { line, told, waiting } = createLine(4);
    waiting[0]?.cancel();
    vi.advanceTimersByTime(15_000);
    expect(told[2]).toBeUndefined();
    expect(told[3]).toContain('503');
    const order: number[] = [];
    for (const at of [1, 2]) {
      const callback = line.shift();
      callback?.({ kind: 'refusal', status: 503, reason: `${at}` });
      if (told[at] === `503 ${at}`) order.push(at);
    }
    expect(order).toEqual([1, 2]);
    expect([line.isEmpty, line.shift()]).toEqual([true, undefined]);
    vi.advanceTimersByTime(60_000);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('counts for each from when it came, whoever came and left before', () => {
    const { line, told, waiting } = createLine(1, { queueTimeoutMs: 5_000 });
    vi.advanceTimersByTime(3_000);
    waiting[0]?.cancel();
    line.join((answer) => {
      told[0] = answer.kind;
    });
    vi.advanceTimersByTime(4_999);
    expect(told[0]).toBeUndefined();
    vi.advanceTimersByTime(1);
    expect(told[0]).toBe('refusal');
    expect(vi.getTimerCount()).toBe(0);
  });

  it('refuses everybody when nobody comes to serve', () => {
    const { line, told } = createLine(3);
    line.refuseAll({ kind: 'refusal', status: 503, reason: 'nobody' });
    expect(told).toEqual(['503 nobody', '503 nobody', '503 nobody']);
    expect([line.isEmpty, vi.getTimerCount()]).toEqual([true, 0]);
  });
});
