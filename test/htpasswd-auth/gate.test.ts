import { describe, expect, it } from 'vitest';
import { createGate, GateFull } from '../../src/htpasswd-auth/gate.js';

describe('a gate', () => {
  it('lets a bounded number run, keeps the order, and refuses when too many wait', async () => {
    const gate = createGate({ tasks: 'tasks', atOnce: 2, waiting: 1 });
    const started: string[] = [];
    const finish = new Map<string, () => void>();
    const task = (name: string) =>
      gate.run(() => {
        started.push(name);
        return new Promise<string>((resolve) => finish.set(name, () => resolve(name)));
      });
    const all = [task('a'), task('b'), task('c')];
    await expect(task('d')).rejects.toThrow(GateFull);
    expect(started).toEqual(['a', 'b']);
    finish.get('b')?.();
    expect(await all[1]).toBe('b');
    await new Promise((resolve) => setImmediate(resolve));
    expect(started).toEqual(['a', 'b', 'c']);
    finish.get('a')?.();
    finish.get('c')?.();
    expect(await Promise.all(all)).toEqual(['a', 'b', 'c']);
  });

  it('lets nobody wait for longer than it says', async () => {
    const gate = createGate({ tasks: 'tasks', atOnce: 1, waiting: 2, patienceMs: 50 });
    let finish: (name: string) => void = () => {};
    const first = gate.run(() => new Promise<string>((resolve) => (finish = resolve)));
    let isRun = false;
    const second = gate.run(async () => {
      isRun = true;
    });
    await expect(second).rejects.toThrow(new GateFull('other tasks took longer than 0.05 s'));
    const third = gate.run(() => Promise.resolve('third'));
    finish('first');
    expect(await Promise.all([first, third])).toEqual(['first', 'third']);
    expect(isRun).toBe(false);
    expect(await gate.run(() => Promise.resolve('fourth'))).toBe('fourth');
  });

  it('goes on after a task that failed', async () => {
    const gate = createGate({ tasks: 'tasks', atOnce: 1, waiting: 5 });
    const failing = gate.run(() => Promise.reject(new Error('fault')));
    const next = gate.run(() => Promise.resolve('ok'));
    await expect(failing).rejects.toThrow('fault');
    expect(await next).toBe('ok');
  });
});
