import { describe, expect, it } from 'vitest';
import { SentAhead } from '../../src/wire/index.js';

function record(isAlone = true): { readonly row: SentAhead; readonly accepted: number[] } {
  const accepted: number[] = [];
  return { row: new SentAhead(isAlone, (stream) => accepted.push(stream)), accepted };
}

describe('SentAhead', () => {
  it('takes the oldest as accepted when those before it are over', () => {
    const { row, accepted } = record();
    row.open(1, false);
    for (const stream of [2, 3, 4]) row.open(stream, true);
    expect(accepted).toEqual([1]);
    row.close(1);
    expect(accepted).toEqual([1, 2]);
    row.close(2);
    row.close(3);
    expect(accepted).toEqual([1, 2, 3, 4]);
    row.close(4);
    row.open(5, true);
    expect(accepted).toEqual([1, 2, 3, 4, 5]);
  });

  it('leaves out those that are over before their turn', () => {
    const { row, accepted } = record();
    for (const stream of [1, 2, 3]) row.open(stream, true);
    row.close(2);
    row.close(1);
    expect(accepted).toEqual([1, 3]);
  });

  it('takes all before one that is said to be accepted, and only the oldest after those', () => {
    const { row, accepted } = record();
    for (const stream of [1, 2, 3, 4, 5]) row.open(stream, true);
    row.accept(3);
    expect(accepted).toEqual([1, 2, 3]);
    row.accept(2);
    row.close(3);
    row.close(1);
    expect(accepted).toEqual([1, 2, 3]);
    row.close(2);
    expect(accepted).toEqual([1, 2, 3, 4]);
    row.accept(6);
    expect(accepted).toEqual([1, 2, 3, 4]);
  });

  it('keeps the order where one is not sent ahead and others wait', () => {
    const { row, accepted } = record();
    row.open(1, false);
    row.open(2, false);
    row.open(3, true);
    row.open(4, false);
    expect(accepted).toEqual([1, 2]);
    row.close(2);
    row.close(1);
    expect(accepted).toEqual([1, 2, 3]);
    row.close(3);
    expect(accepted).toEqual([1, 2, 3, 4]);
  });

  it('takes none that was sent ahead as accepted before it is said, if there are other front ends', () => {
    const { row, accepted } = record(false);
    row.open(1, false);
    for (const stream of [2, 3]) row.open(stream, true);
    row.open(4, false);
    expect(accepted).toEqual([1, 4]);
    row.close(1);
    row.close(4);
    expect(accepted).toEqual([1, 4]);
    row.accept(2);
    row.close(2);
    expect(accepted).toEqual([1, 4, 2]);
    row.accept(3);
    expect(accepted).toEqual([1, 4, 2, 3]);
  });
});
