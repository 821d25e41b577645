import { afterEach, describe, expect, it } from 'vitest';
import { app, DaemonProcess, type Exchange, endAll, type FrontEnd } from './daemon-process.js';

const script = app('blocking.py');

afterEach(endAll);

/** A thread is in it until its body ends. */
async function block(frontEnd: FrontEnd, name: string): Promise<Exchange> {
  const blocked = frontEnd.request({ script, path: '/wait', query: name, bodyFollows: true });
  await blocked.logged(/entered/);
  return blocked;
}

function sendAhead(frontEnd: FrontEnd, path: string, query = ''): Exchange {
  return frontEnd.request({ script, path, query, message: { isAhead: true } });
}

/** The daemon process has them, and none is accepted. */
async function sendThree(frontEnd: FrontEnd): Promise<readonly Exchange[]> {
  const ahead = ['a', 'b', 'c'].map((name) => sendAhead(frontEnd, '/note', name));
  await frontEnd.confirm();
  expect(ahead.map(({ isAccepted }) => isAccepted)).toEqual([false, false, false]);
  return ahead;
}

describe('a request that is sent ahead', () => {
  it('is possible: HELLO says so', async () => {
    const daemon = await DaemonProcess.start();
    const frontEnd = await daemon.connect();
    expect(frontEnd.hello?.get('ahead')).toBe('2');
    await daemon.drain();
  });

  it('is accepted when its turn has come, in order', async () => {
    const daemon = await DaemonProcess.start({ threads: 1 });
    const frontEnd = await daemon.connect();
    const blocked = await block(frontEnd, 'first');
    const ahead = await sendThree(frontEnd);
    blocked.sendEnd();
    await Promise.all(ahead.map((exchange) => exchange.done()));
    expect(ahead.map(({ isAccepted, ended }) => isAccepted && ended)).toEqual([true, true, true]);
    // Each was the oldest when the one before it was over: there is nothing to tell.
    expect(ahead.map(({ isToldAccepted }) => isToldAccepted)).toEqual([false, false, false]);
    expect((await frontEnd.get(script, { path: '/seen' })).body).toBe('first,a,b,c');
    await daemon.drain();
  });

  it('is always said to be accepted if the front end is not the only one', async () => {
    const daemon = await DaemonProcess.start({ threads: 1 });
    const frontEnd = await daemon.connect({ isAlone: false });
    const other = await daemon.connect({ isAlone: false });
    const blocked = await block(other, 'first');
    const ahead = await sendThree(frontEnd);
    blocked.sendEnd();
    await Promise.all(ahead.map((exchange) => exchange.done()));
    expect(ahead.map(({ isToldAccepted }) => isToldAccepted)).toEqual([true, true, true]);
    await daemon.drain();
  });

  it('is accepted before the application has it: one that kills its process has been', async () => {
    const daemon = await DaemonProcess.start({ threads: 1 });
    const frontEnd = await daemon.connect();
    const blocked = await block(frontEnd, 'first');
    const deadly = sendAhead(frontEnd, '/die');
    const behind = sendAhead(frontEnd, '/note', 'behind');
    blocked.sendEnd();
    await Promise.all([blocked, deadly, behind].map((exchange) => exchange.done()));
    expect(blocked.ended).toBe(true);
    expect([deadly.isLost, deadly.isAccepted]).toEqual([true, true]);
    expect([behind.isLost, behind.isAccepted]).toEqual([true, false]);
  });

  it('is said to be accepted where another thread works on an older one', async () => {
    const daemon = await DaemonProcess.start({ threads: 2 });
    const frontEnd = await daemon.connect();
    const blocked = await block(frontEnd, 'first');
    const deadly = sendAhead(frontEnd, '/die');
    const behind = sendAhead(frontEnd, '/note', 'behind');
    await Promise.all([blocked, deadly, behind].map((exchange) => exchange.done()));
    expect([blocked.isLost, deadly.isLost, behind.isLost]).toEqual([true, true, true]);
    expect([deadly.isToldAccepted, behind.isAccepted]).toEqual([true, false]);
  });

  it('is said to be accepted where an answer before it waits for credit without a thread', async () => {
    const daemon = await DaemonProcess.start({ threads: 1 });
    const frontEnd = await daemon.connect();
    const large = frontEnd.request({ script, path: '/large', query: '300000', holdCredit: true });
    await large.received(262_144);
    const ahead = sendAhead(frontEnd, '/note', 'ahead');
    await ahead.done();
    expect([ahead.isToldAccepted, large.isOver]).toEqual([true, false]);
    large.sendCredit(100_000);
    expect((await large.done()).bodyBytes).toBe(300_000);
    await daemon.drain();
  });

  it('waits until the front end can hear that it is accepted', async () => {
    const daemon = await DaemonProcess.start({ threads: 2 });
    const frontEnd = await daemon.connect();
    const other = await daemon.connect();
    frontEnd.pause();
    // Together more than the socket takes, each less than the credit.
    const large = Array.from({ length: 12 }, () =>
      frontEnd.request({ script, path: '/large', query: '250000' }),
    );
    const ahead = sendAhead(frontEnd, '/note', 'ahead');
    // Both threads: the one that waits, and the one that answers.
    for (let count = 0; count < 5; count += 1) {
      const seen = await other.get(script, { path: '/sleep', query: '0.01' });
      expect(seen.ended).toBe(true);
    }
    expect((await other.get(script, { path: '/seen' })).body).toBe('');
    frontEnd.resume();
    await Promise.all([...large, ahead].map((exchange) => exchange.done()));
    expect(large.map(({ bodyBytes }) => bodyBytes)).toEqual(large.map(() => 250_000));
    expect([ahead.isAccepted, ahead.ended]).toEqual([true, true]);
    expect((await other.get(script, { path: '/seen' })).body).toBe('ahead');
    await daemon.drain();
  });

  it('is never accepted when the client leaves first', async () => {
    const daemon = await DaemonProcess.start({ threads: 1 });
    const frontEnd = await daemon.connect();
    const blocked = await block(frontEnd, 'first');
    const left = sendAhead(frontEnd, '/note', 'left');
    const stays = sendAhead(frontEnd, '/note', 'stays');
    left.sendAbort('gone');
    blocked.sendEnd();
    await stays.done();
    expect(left.isAccepted).toBe(false);
    expect((await frontEnd.get(script, { path: '/seen' })).body).toBe('first,stays');
    await daemon.drain();
  });

  it('is given back when the process is to end, and what it works on is finished', async () => {
    const daemon = await DaemonProcess.start({ threads: 1 });
    const frontEnd = await daemon.connect();
    const blocked = await block(frontEnd, 'first');
    const plain = frontEnd.request({ script, path: '/note', query: 'plain' });
    const ahead = sendAhead(frontEnd, '/note', 'ahead');
    const call = frontEnd.call(script, { isAhead: true });
    await frontEnd.confirm();
    const ended = daemon.drain();
    expect((await ahead.done()).abort?.code).toBe('retry');
    expect((await call).abort?.code).toBe('retry');
    expect([ahead.isAccepted, blocked.isOver, plain.isOver]).toEqual([false, false, false]);
    blocked.sendEnd();
    expect((await blocked.done()).ended).toBe(true);
    expect((await plain.done()).ended).toBe(true);
    await ended;
  });

  it('does not count as one that the process works on', async () => {
    const daemon = await DaemonProcess.start({ threads: 1 });
    const frontEnd = await daemon.connect();
    const blocked = await block(frontEnd, 'first');
    const ahead = [sendAhead(frontEnd, '/note'), sendAhead(frontEnd, '/note')];
    await frontEnd.confirm();
    daemon.sendControl({ type: 'count' });
    const counts = () => daemon.controlMessages.find(({ type }) => type === 'counts');
    await daemon.changed.until(() => counts() !== undefined, 'counts');
    expect(counts()).toMatchObject({ active: 1, finished: 0 });
    blocked.sendEnd();
    await Promise.all(ahead.map((exchange) => exchange.done()));
    await daemon.drain();
  });

  it('may be a CALL', async () => {
    const daemon = await DaemonProcess.start({ threads: 1 });
    const frontEnd = await daemon.connect();
    const blocked = await block(frontEnd, 'first');
    const call = frontEnd.call(app('auth.py'), { isAhead: true });
    await frontEnd.confirm();
    blocked.sendEnd();
    const exchange = await call;
    expect([exchange.isAccepted, exchange.reply !== undefined]).toEqual([true, true]);
    await daemon.drain();
  });
});
