import { describe, expect, it } from 'vitest';
import { type BodySource, type PieceUse, takeBuffer } from '../../src/proxy/index.js';
import { Upload, type UploadTarget } from '../../src/proxy/upload.js';

class Source implements BodySource {
  listener: Parameters<BodySource['start']>[0] | undefined;
  isPaused = false;
  start(listener: Parameters<BodySource['start']>[0]): void {
    this.listener = listener;
  }
  pause(): void {
    this.isPaused = true;
  }
  resume(): void {
    this.isPaused = false;
  }
  lend(bytes: Buffer): PieceUse | undefined {
    return this.listener?.lend?.(bytes);
  }
}

/** Says of everything what `use` is just now. */
class Target implements UploadTarget {
  use: PieceUse = 'free';
  behind = false;
  sent: [number, boolean][] = [];
  ends = 0;
  drain: (() => void)[] = [];
  body(bytes: Buffer, isLent: boolean): PieceUse {
    this.sent.push([bytes.length, isLent]);
    return this.use;
  }
  isBehind(): boolean {
    return this.behind;
  }
  onDrain(callback: () => void): void {
    this.drain.push(callback);
  }
  end(): void {
    this.ends += 1;
  }
}

function begin(isAccepted: boolean): { source: Source; target: Target; upload: Upload } {
  const source = new Source();
  const target = new Target();
  const upload = new Upload(source, () => {});
  if (isAccepted) upload.accepted();
  upload.attach(target);
  return { source, target, upload };
}

const piece = (size: number) => Buffer.alloc(size);

/** So many that none is left to be used again but what is given back. */
const takeAll = () => Array.from({ length: 64 }, takeBuffer);

describe('a lent piece', () => {
  it.each(['free', 'kept', 'returned'] as const)('is %s if the target says so', (use) => {
    const { source, target } = begin(true);
    target.use = use;
    expect(source.lend(piece(1000))).toBe(use);
    expect(target.sent).toEqual([[1000, true]]);
  });

  it('is kept, and not for the target to give back, as long as it may have to be sent again', () => {
    const { source, target } = begin(false);
    expect(source.lend(piece(1000))).toBe('kept');
    expect(target.sent).toEqual([[1000, false]]);
  });

  it('comes back with its last part if only a part of it can be sent', () => {
    const { source, target, upload } = begin(true);
    expect(source.lend(piece(262_000))).toBe('free');
    target.use = 'returned';
    expect(source.lend(piece(1000))).toBe('returned');
    expect(target.sent.at(-1)).toEqual([144, false]);
    upload.grant(10_000);
    expect(target.sent.at(-1)).toEqual([856, true]);
  });

  it.each([
    ['at once if the target has read all of it', 'free', true],
    ['by the target if that says so', 'returned', false],
    ['never if the target keeps it', 'kept', false],
  ] as const)('that was promised back comes back %s', (_, use, isBack) => {
    const { source, target, upload } = begin(true);
    const given = takeAll();
    const [lent] = given as [Buffer];
    expect(source.lend(piece(262_144 - 1000))).toBe('free');
    target.use = use;
    expect(source.lend(lent)).toBe('returned');
    expect(takeBuffer().buffer).not.toBe(lent.buffer);
    upload.grant(lent.length - 1001);
    expect(takeBuffer().buffer).not.toBe(lent.buffer);
    upload.grant(1);
    expect(takeBuffer().buffer === lent.buffer).toBe(isBack);
  });

  it('never comes back of which a part may have to be sent again', () => {
    const { source, target, upload } = begin(false);
    const [lent] = takeAll() as [Buffer];
    expect(source.lend(piece(262_144 - 1000))).toBe('kept');
    expect(source.lend(lent)).toBe('kept');
    upload.accepted();
    upload.grant(lent.length);
    expect(target.sent.at(-1)).toEqual([lent.length - 1000, false]);
    expect(takeBuffer().buffer).not.toBe(lent.buffer);
  });

  it('never comes back when nobody wants the rest of it', () => {
    const { source, upload } = begin(true);
    const [lent] = takeAll() as [Buffer];
    source.lend(piece(262_144 - 1000));
    expect(source.lend(lent)).toBe('returned');
    upload.stop();
    upload.grant(lent.length);
    expect(takeBuffer().buffer).not.toBe(lent.buffer);
  });

  it('comes back while what came before is waited for', () => {
    const { source, target } = begin(true);
    target.behind = true;
    expect(source.lend(piece(1000))).toBe('free');
    expect(source.lend(piece(2000))).toBe('returned');
    expect(target.sent).toEqual([[1000, true]]);
    target.behind = false;
    target.drain[0]?.();
    expect(target.sent.at(-1)).toEqual([2000, true]);
  });

  it('is free when nobody wants it any more', () => {
    const { source, upload } = begin(true);
    upload.stop();
    expect(source.lend(piece(1000))).toBe('free');
  });

  it('is kept while nobody takes the body for now', () => {
    const { source, upload } = begin(false);
    upload.detach();
    expect(source.lend(piece(1000))).toBe('kept');
    const other = new Target();
    upload.attach(other);
    expect(other.sent).toEqual([[1000, false]]);
  });
});

describe('a target that is behind', () => {
  it('makes the client wait until it has sent what it has', () => {
    const { source, target, upload } = begin(true);
    target.behind = true;
    source.listener?.piece(piece(1000));
    expect([source.isPaused, upload.waitsForClient]).toEqual([true, false]);
    target.behind = false;
    target.drain[0]?.();
    expect([source.isPaused, upload.waitsForClient]).toEqual([false, true]);
  });

  it('is not waited for by another one', () => {
    const { source, target, upload } = begin(false);
    target.behind = true;
    source.listener?.piece(piece(1000));
    upload.detach();
    const other = new Target();
    upload.attach(other);
    expect([other.sent, source.isPaused]).toEqual([[[1000, false]], false]);
    other.behind = true;
    source.listener?.piece(piece(1));
    // Of the first one, late.
    target.drain[0]?.();
    expect(source.isPaused).toBe(true);
  });

  it('gets the end behind all of the body', () => {
    const { source, target } = begin(true);
    target.behind = true;
    source.listener?.piece(piece(1000));
    source.listener?.piece(piece(1));
    source.listener?.end();
    expect(target.ends).toBe(0);
    target.behind = false;
    target.drain[0]?.();
    expect([target.sent, target.ends]).toEqual([
      [
        [1000, false],
        [1, false],
      ],
      1,
    ]);
  });
});

it('makes the client wait as soon as the credit is used up', () => {
  const { source, upload } = begin(true);
  source.listener?.piece(piece(262_144));
  expect([source.isPaused, upload.waitsForClient]).toEqual([true, false]);
  upload.grant(1);
  expect([source.isPaused, upload.waitsForClient]).toEqual([false, true]);
});
