import { describe, expect, it } from 'vitest';
import { WriteLedger } from '../../src/proxy/write-ledger.js';

const failedWrite = Object.assign(new Error('write EPIPE'), { syscall: 'write', code: 'EPIPE' });
const leftUnread = Object.assign(new Error('read ECONNRESET'), { syscall: 'read', code: 'ECONNRESET' });

/** A ledger with two writes of that size, the second one alone unless said otherwise. */
function twoWrites({ bytes = 100, isAlone = true, isLinux = true } = {}): WriteLedger {
  const ledger = new WriteLedger(isLinux);
  ledger.queue(bytes);
  ledger.write(true);
  ledger.queue(bytes);
  ledger.write(isAlone);
  return ledger;
}

describe('what a lost connection has certainly left unread', () => {
  it('is what was never written', () => {
    const ledger = twoWrites();
    expect(ledger.queue(50)).toBe(200);
    expect(ledger.unreadFrom(undefined)).toBe(200);
    expect(ledger.unreadFrom(Object.assign(new Error('read'), { syscall: 'read', code: 'EIO' }))).toBe(200);
  });

  it.each([failedWrite, leftUnread])('is the last piece, too, after $message', (error) => {
    expect(twoWrites().unreadFrom(error)).toBe(100);
  });

  it.each([failedWrite, leftUnread])('is not the last piece after $message', (error) => {
    // Others are still to be taken, so that nobody knows which failed.
    expect(twoWrites({ isAlone: false }).unreadFrom(error)).toBe(200);
    // Linux may take a part of it.
    expect(twoWrites({ bytes: 16_385 }).unreadFrom(error)).toBe(2 * 16_385);
    expect(twoWrites({ isLinux: false }).unreadFrom(error)).toBe(200);
  });

  it('is not the last piece if a read may have ended in the middle of one', () => {
    const ledger = new WriteLedger(true);
    ledger.queue(65_537);
    ledger.write(true);
    const start = ledger.queue(100);
    ledger.write(true);
    expect(ledger.unreadFrom(leftUnread)).toBe(65_637);
    // The daemon has answered something behind it: the backlog is gone.
    ledger.noteRead(ledger.queue(10));
    ledger.write(true);
    expect(start).toBe(65_537);
    expect(ledger.unreadFrom(leftUnread)).toBe(65_637);
    ledger.queue(10);
    ledger.write(true);
    expect(ledger.unreadFrom(leftUnread)).toBe(65_647);
  });
});
