import { describe, expect, it } from 'vitest';
import { Slots } from '../../src/gateway/slots.js';

describe('slots', () => {
  it('are given to as many as there are, then in the order of the line', () => {
    const slots = new Slots(2);
    const given: string[] = [];
    const take = (name: string) => slots.take(0, (isGiven) => given.push(isGiven ? name : `no ${name}`));
    const [a, b, c, d] = ['a', 'b', 'c', 'd'].map(take);
    expect(given).toEqual(['a', 'b']);
    c?.();
    a?.();
    a?.();
    expect(given).toEqual(['a', 'b', 'd']);
    take('e');
    b?.();
    expect(given).toEqual(['a', 'b', 'd', 'e']);
    d?.();
  });

  it('are not waited for longer than allowed', async () => {
    const slots = new Slots(1);
    const giveBack = slots.take(0, () => {});
    const isGiven = await new Promise<boolean>((resolve) => slots.take(10, resolve));
    expect(isGiven).toBe(false);
    giveBack();
    expect(await new Promise<boolean>((resolve) => slots.take(10, resolve))).toBe(true);
  });
});
