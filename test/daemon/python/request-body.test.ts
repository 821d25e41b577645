import { createHash, randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { app, DaemonProcess, type Exchange, endAll, type FrontEnd } from './daemon-process.js';

let daemon: DaemonProcess;
let frontEnd: FrontEnd;

beforeAll(async () => {
  daemon = await DaemonProcess.start();
  frontEnd = await daemon.connect();
});

afterAll(async () => {
  await daemon.drain();
  await endAll();
});

function send(form: string, body: string | Buffer): Promise<Exchange> {
  return frontEnd.get(app('bodies.py'), { path: `/${form}`, body });
}

/** The same, in frames of one byte. */
async function trickle(form: string, body: string): Promise<Exchange> {
  const exchange = frontEnd.request({ script: app('bodies.py'), path: `/${form}`, bodyFollows: true });
  for (const byte of body) exchange.sendBody(byte);
  exchange.sendEnd();
  return exchange.done();
}

const text37 = 'abcdefghijklmnopqrstuvwxyz0123456789!';
const lines = 'first line\nsecond\n\nlast';

describe('wsgi.input', () => {
  const cases: [string, string, unknown][] = [
    ['all', text37, [text37, '', '', '', []]],
    ['all', '', ['', '', '', '', []]],
    ['none', text37, [text37, '']],
    ['part', text37, ['abcdefghij', text37.slice(10)]],
    ['part', 'short', ['short', '']],
    ['sevens', text37, ['abcdefg', 'hijklmn', 'opqrstu', 'vwxyz01', '2345678', '9!']],
    ['zero', text37, ['', '', text37]],
    ['more', text37, [text37, '']],
    ['lines', lines, ['first line\n', 'second\n', '\n', 'last']],
    ['lines', 'a\n', ['a\n']],
    ['lines', '', []],
    ['short_lines', lines, ['first', ' line', '\n', 'second\n']],
    ['hint', lines, [['first line\n'], ['second\n', '\n', 'last'], []]],
    ['iterate', lines, ['first line\n', 'second\n', '\n', 'last']],
    ['mixed', lines, ['first line\n', 'second\n', '\nla', 'st']],
  ];
  it.each(cases)('read as %s of %j', async (form, body, answer) => {
    expect(JSON.parse((await send(form, body)).body)).toEqual(answer);
    expect(JSON.parse((await trickle(form, body)).body)).toEqual(answer);
  });

  it('is at its end at once in a request without a body', async () => {
    const exchange = await frontEnd.get(app('bodies.py'), { path: '/all' });
    expect(JSON.parse(exchange.body)).toEqual(['', '', '', '', []]);
  });

  it('ends with the body, whatever CONTENT_LENGTH said', async () => {
    const exchange = await frontEnd.get(app('bodies.py'), {
      path: '/all',
      body: 'four',
      environ: { CONTENT_LENGTH: '4000' },
    });
    expect(JSON.parse(exchange.body)[0]).toBe('four');
  });

  it.each([0, 1, 11, 1024, 8192, 65_536, 262_144, 262_145, 3_000_000])(
    'gives %i bytes unchanged',
    async (size) => {
      const body = randomBytes(size);
      const hash = createHash('sha256').update(body).digest('hex');
      expect(JSON.parse((await send('hash', body)).body)).toEqual([hash, size]);
      expect(JSON.parse((await send('hash_by_line', body)).body)).toBe(hash);
    },
  );

  it('gives each read all that it asks for', async () => {
    const body = randomBytes(2_500_000);
    const hash = createHash('sha256').update(body).digest('hex');
    const lengths = [100_000, 250_000, 1, 300_000, 131_073, 262_144, 70_000, 500_000, 'rest'];
    expect(JSON.parse((await send('unequal', body)).body)).toEqual([hash, lengths]);
  });

  it('gives reads of the same size, and of others after them, their bytes in order', async () => {
    const body = randomBytes(8_000_001);
    const hash = createHash('sha256').update(body).digest('hex');
    const [heard, wrong, rest] = JSON.parse((await send('steps', body)).body);
    expect(wrong).toEqual([]);
    expect(heard).toBe(hash);
    expect(rest).toBeGreaterThan(1_000_000);
  });

  it('gives a read what there is of a body that ends early, and wakes it for a client that leaves', async () => {
    const script = app('bodies.py');
    const ended = frontEnd.request({ script, path: '/more', bodyFollows: true });
    ended.sendBody('abc');
    await frontEnd.confirm();
    ended.sendBody('def');
    ended.sendEnd();
    expect(JSON.parse((await ended.done()).body)).toEqual(['abcdef', '']);
    const left = frontEnd.request({ script, path: '/more', bodyFollows: true });
    left.sendBody('abc');
    await frontEnd.confirm();
    left.sendAbort('gone');
    await frontEnd.changed.until(() => frontEnd.looseLogs.length > 0, 'the log line');
    expect(frontEnd.looseLogs.join()).toContain('the client left');
  });

  it.each(['nothing', 'little'])('may be read not to its end: %s', async (form) => {
    const exchange = await send(form, randomBytes(2_000_000));
    expect(exchange.ended).toBe(true);
    // The rest is let in and thrown away, so the front end gets rid of it all.
    await exchange.changed.until(() => exchange.isUploaded, 'credit for the rest');
    expect(JSON.parse((await send('all', 'next')).body)[0]).toBe('next');
  });

  it('is granted no credit before the application takes something of it', async () => {
    const script = app('streams.py');
    const exchange = frontEnd.request({ script, path: '/steps', bodyFollows: true });
    exchange.sendBody(randomBytes(65_536));
    exchange.sendBody(randomBytes(65_536));
    await exchange.received(1);
    await frontEnd.confirm();
    expect(exchange.creditFrames).toBe(0);
    for (const count of [2, 3, 4]) {
      await frontEnd.get(script, { path: '/step' });
      await exchange.received(count);
    }
    // After the response the rest is thrown away, so that it can come.
    await exchange.done();
    await frontEnd.confirm();
    expect(exchange.creditFrames).toBe(1);
    exchange.sendEnd();
  });
});
