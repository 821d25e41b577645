import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  app,
  DaemonProcess,
  type Exchange,
  endAll,
  type FrontEnd,
  type RequestOptions,
} from './daemon-process.js';

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

function ask(name: string, query = '', options: Partial<RequestOptions> = {}): Promise<Exchange> {
  return frontEnd.get(app('cases.py'), { path: `/${name}`, query, ...options });
}

describe('an application inside wsgiref.validate has nothing to complain about', () => {
  const cases: [string, Partial<RequestOptions>, string][] = [
    ['GET', { path: '/' }, 'hello'],
    ['GET of a generator', { path: '/stream' }, '0,1,2,3,4,'],
    ['write()', { path: '/write' }, 'written,returned'],
    ['POST', { path: '/echo', body: 'sent' }, 'got sent'],
    ['POST without a body', { path: '/echo', method: 'POST' }, 'got '],
    ['PUT by lines', { path: '/lines', method: 'PUT', body: 'a\nb\nc' }, 'a\n|b\n|c'],
    ['POST by iteration', { path: '/iterate', body: 'a\nb' }, 'A\nB'],
    ['a replaced head', { path: '/replaced' }, 'replaced'],
    ['wsgi.errors', { path: '/errors' }, ''],
    ['HEAD', { path: '/', method: 'HEAD' }, ''],
    ['204', { path: '/none' }, ''],
    ['DELETE', { path: '/', method: 'DELETE' }, 'hello'],
    ['OPTIONS', { path: '/', method: 'OPTIONS' }, 'hello'],
    ['https', { path: '/', environ: { HTTPS: 'on' } }, 'hello'],
  ];
  it.each(cases)('%s', async (_, options, body) => {
    const exchange = await frontEnd.get(app('validated.py'), options);
    expect(exchange.logs.filter(({ line }) => line.includes('Error'))).toEqual([]);
    expect(exchange.abort).toBeUndefined();
    expect(exchange.body).toBe(body);
  });

  it('file_wrapper', async () => {
    const exchange = await frontEnd.get(app('validated.py'), { path: '/file' });
    expect(exchange.body).toContain('An application inside wsgiref.validate');
    expect(exchange.ended).toBe(true);
  });
});

describe('start_response refuses, inside the call,', () => {
  const statuses: [string, string][] = [
    ["'OK'", 'ValueError'],
    ["'20X OK'", 'ValueError'],
    ["'2000 OK'", 'ValueError'],
    ["'200OK'", 'ValueError'],
    ["'099 Low'", 'ValueError'],
    ["''", 'ValueError'],
    ["'200 OK\\r\\nX: y'", 'ValueError'],
    ["'200 OK\\n'", 'ValueError'],
    ["'200 O\\x00K'", 'ValueError'],
    ["'200 \\u20ac'", 'UnicodeEncodeError'],
    ["b'200 OK'", 'TypeError'],
    ['200', 'TypeError'],
    ['None', 'TypeError'],
    ["'200'", 'accepted'],
    ["'200 '", 'accepted'],
    ["'299 \\xe9tat'", 'accepted'],
  ];
  it.each(statuses)('status %s: %s', async (status, answer) => {
    expect((await ask('status', status)).body).toBe(answer);
  });

  const headers: [string, string][] = [
    ["(('a', 'b'),)", 'TypeError'],
    ["{'a': 'b'}", 'TypeError'],
    ["'a: b'", 'TypeError'],
    ['None', 'TypeError'],
    ["[['a', 'b']]", 'TypeError'],
    ["['ab']", 'TypeError'],
    ["[('a', 'b', 'c')]", 'ValueError'],
    ["[('a',)]", 'ValueError'],
    ["[('', 'b')]", 'ValueError'],
    ["[('a b', 'c')]", 'ValueError'],
    ["[('a\\t', 'c')]", 'ValueError'],
    ["[('a:', 'c')]", 'ValueError'],
    ["[('a\\r\\nb', 'c')]", 'ValueError'],
    ["[('a\\n', 'c')]", 'ValueError'],
    ["[('\\xe9', 'c')]", 'ValueError'],
    ["[('\\u20ac', 'c')]", 'UnicodeEncodeError'],
    ["[(1, 'b')]", 'TypeError'],
    ["[(b'a', 'b')]", 'TypeError'],
    ["[('a', 1)]", 'TypeError'],
    ["[('a', None)]", 'TypeError'],
    ["[('a', b'b')]", 'TypeError'],
    ["[('a', 'b\\rc')]", 'ValueError'],
    ["[('a', 'b\\nc: d')]", 'ValueError'],
    ["[('a', 'b\\n')]", 'ValueError'],
    ["[('a', 'b\\x00c')]", 'ValueError'],
    ["[('a', '\\u20ac')]", 'UnicodeEncodeError'],
    ["[('a', '')]", 'accepted'],
    ["[('a', 'b\\tc \\xe9')]", 'accepted'],
    ['[]', 'accepted'],
  ];
  it.each(headers)('headers %s: %s', async (list, answer) => {
    expect((await ask('headers', list)).body).toBe(answer);
  });

  it('exc_info that is no tuple', async () => {
    expect((await ask('exc-info-type')).body).toBe('RuntimeError');
  });
});

describe('the response head', () => {
  it('arrives as it was given, in order', async () => {
    const head = "('418 I am a teapot', [('B', '1'), ('A', '2'), ('B', '3'), ('Set-Cookie', 'x=\\xe9')])";
    const exchange = await ask('echo-head', head);
    expect(exchange.response).toEqual({
      status: 418,
      reason: 'I am a teapot',
      headers: ['B', '1', 'A', '2', 'B', '3', 'Set-Cookie', 'x=\xe9', 'Content-Length', '4'],
    });
  });

  it('may be replaced until the first byte of the body', async () => {
    const exchange = await ask('replace-before-output');
    expect(exchange.response?.status).toBe(201);
    expect(exchange.header('X-First')).toBeUndefined();
    expect(exchange.header('X-Second')).toBe('yes');
  });

  it('is not committed by empty chunks', async () => {
    const exchange = await ask('empty-chunks-do-not-commit');
    expect(exchange.response?.status).toBe(202);
    expect(exchange.body).toBe('late');
  });

  it('cannot be replaced after that', async () => {
    const exchange = await ask('second-start-after-output');
    expect(exchange.response?.status).toBe(200);
    expect(exchange.body).toBe('first,RuntimeError');
  });

  it('with exc_info after that raises the original exception', async () => {
    expect((await ask('exc-info-after-output')).body).toBe('first,the original');
  });

  it('is the list as it was when start_response was called', async () => {
    const exchange = await ask('changed-headers-list');
    expect(exchange.header('X-Kept')).toBe('yes');
    expect(exchange.header('X-Late')).toBeUndefined();
  });

  it('may be started when the body is asked for', async () => {
    const exchange = await ask('start-in-iterator');
    expect(exchange.response?.status).toBe(203);
    expect(exchange.body).toBe('body');
  });

  it.each(['no-start', 'no-start-no-body'])('is required: %s', async (name) => {
    const exchange = await ask(name);
    expect(exchange.response).toBeUndefined();
    expect(exchange.abort?.code).toBe('error');
    expect(exchange.logText).toContain('without calling start_response');
  });
});

describe('the response body', () => {
  it('joins what was written and what was returned', async () => {
    expect((await ask('write-then-return')).body).toBe('abcd');
  });

  it('is only bytes for write()', async () => {
    expect((await ask('write-str')).body).toBe('TypeError');
  });

  it.each(['str-first', 'str-in-list', 'bytearray', 'bytes-as-body', 'none'])(
    'is an error before the head: %s',
    async (name) => {
      const exchange = await ask(name);
      expect(exchange.response).toBeUndefined();
      expect(exchange.abort).toEqual({
        code: 'error',
        sentence: expect.stringContaining('raised TypeError before'),
      });
      expect(exchange.logs[0]?.level).toBe('error');
      expect(exchange.logText).toContain('TypeError: ');
    },
  );

  it('is cut off at a later str', async () => {
    const exchange = await ask('str-later');
    expect(exchange.body).toBe('bytes,');
    expect(exchange.ended).toBe(false);
    expect(exchange.abort?.code).toBe('error');
  });

  it.each([
    ['length', '5', 'this-'],
    ['length', '8', 'this-is-'],
    ['length', '0', ''],
    ['length-list', '5', 'this-'],
    ['length-list', '24', 'this-is-too-long-for-it-'],
  ])('%s ends at its Content-Length %s', async (name, length, body) => {
    const exchange = await ask(name, length);
    expect(exchange.header('Content-Length')).toBe(length);
    expect(exchange.body).toBe(body);
    expect(exchange.ended).toBe(true);
    expect(exchange.logs).toEqual([]);
  });

  it.each([
    ['length', '100'],
    ['length-list', '100'],
  ])('%s that is shorter than its Content-Length looks cut off', async (name, length) => {
    const exchange = await ask(name, length);
    expect(exchange.response?.status).toBe(200);
    expect(exchange.body).toMatch(/^this-is-too-long-for-it/);
    expect(exchange.ended).toBe(false);
    expect(exchange.abort?.code).toBe('error');
    expect(exchange.logText).toContain('fewer than its Content-Length');
  });

  it.each(['not-a-number', '-1', '1.5', '', '+5', '5 5', '\xb2'])(
    'is an error with Content-Length %j',
    async (length) => {
      for (const name of ['length', 'length-list']) {
        const exchange = await ask(name, length);
        expect(exchange.response).toBeUndefined();
        expect(exchange.abort?.code).toBe('error');
        expect(exchange.logText).toContain('ValueError: Content-Length');
      }
    },
  );

  it('obeys the last of several Content-Length headers, and sends only that', async () => {
    const exchange = await ask('length-twice');
    expect(exchange.response?.headers).toEqual(['X', 'y', 'Content-Length', '4']);
    expect(exchange.body).toBe('body');
  });

  it('of one known item has its length added', async () => {
    expect((await ask('single')).header('content-length')).toBe('12');
    expect((await ask('empty-list')).header('content-length')).toBe('0');
    const large = await ask('single-large');
    expect(large.header('content-length')).toBe('1000000');
    expect(large.bodyBytes).toBe(1_000_000);
  });

  it('of unknown length has none', async () => {
    const exchange = await ask('generator');
    expect(exchange.header('content-length')).toBeUndefined();
    expect(exchange.body).toBe('onetwo');
  });

  it.each(['204 No Content', '304 Not Modified'])('is not sent with %s', async (status) => {
    const exchange = await ask('bodiless', status);
    expect(exchange.response?.status).toBe(Number(status.slice(0, 3)));
    expect(exchange.bodyBytes).toBe(0);
    expect(exchange.ended).toBe(true);
  });

  it('is not sent in answer to HEAD, but asked for and closed', async () => {
    await ask('reset');
    const exchange = await ask('close', '', { method: 'HEAD' });
    expect(exchange.response?.status).toBe(200);
    expect(exchange.bodyBytes).toBe(0);
    expect(exchange.ended).toBe(true);
    expect((await ask('closed')).body).toBe('close');
  });

  it('may be missing in answer to HEAD, whatever Content-Length says', async () => {
    const exchange = await ask('head-length', '', { method: 'HEAD' });
    expect(exchange.header('content-length')).toBe('1000');
    expect(exchange.ended).toBe(true);
    expect((await ask('empty-list', '', { method: 'HEAD' })).header('content-length')).toBeUndefined();
    expect((await ask('single', '', { method: 'HEAD' })).header('content-length')).toBe('12');
  });
});

describe('close() is called exactly once', () => {
  beforeEach(async () => {
    await ask('reset');
  });

  it.each([
    'close',
    'close-after-length',
    'str-first',
    'str-later',
    'raise-before-output',
    'raise-after-output',
    'raise-in-close',
  ])('after %s', async (name) => {
    await ask(name);
    expect((await ask('closed')).body).toBe(name.replaceAll('-', '_'));
  });

  it('after a head that could not be committed', async () => {
    await ask('length', 'nonsense');
    expect((await ask('closed')).body).toBe('length');
  });

  it('and its error is logged, not sent', async () => {
    const exchange = await ask('raise-in-close');
    expect(exchange.body).toBe('whole');
    expect(exchange.ended).toBe(true);
    expect(exchange.logText).toContain('close() of the response');
    expect(exchange.logText).toContain('ZeroDivisionError: in close');
  });

  it('and an error in looking for it is logged, not sent', async () => {
    const exchange = await ask('close-lookup-raises');
    expect(exchange.ended).toBe(true);
    expect(exchange.logText).toContain('ZeroDivisionError: no attribute for you');
  });
});

describe('an exception', () => {
  it.each(['raise-in-call', 'raise-before-output'])('before the head is a 500: %s', async (name) => {
    const exchange = await ask(name);
    expect(exchange.response).toBeUndefined();
    expect(exchange.abort?.code).toBe('error');
    expect(exchange.logs[0]).toEqual({
      level: 'error',
      line: `${app('cases.py')} raised ZeroDivisionError before the response head was sent`,
    });
    expect(exchange.logs[1]?.line).toBe('Traceback (most recent call last):');
    expect(exchange.logs[2]?.line).toContain('cases.py');
    expect(exchange.logs.at(-1)?.line).toMatch(/^ZeroDivisionError: /);
    expect(exchange.logText).not.toContain('modhost_daemon');
  });

  it('after the head cuts the reply off', async () => {
    const exchange = await ask('raise-after-output');
    expect(exchange.response?.status).toBe(200);
    expect(exchange.body).toBe('partial');
    expect(exchange.ended).toBe(false);
    expect(exchange.abort?.code).toBe('error');
    expect(exchange.logs[0]?.line).toContain('after the response head was sent');
  });

  it.each([
    ['system-exit', 'SystemExit'],
    ['keyboard-interrupt', 'KeyboardInterrupt'],
    ['generator-exit', 'GeneratorExit'],
    ['unprintable-error', 'Unprintable'],
  ])('that is unusual ends the request only: %s', async (name, type) => {
    const exchange = await ask(name);
    expect(exchange.abort?.code).toBe('error');
    expect(exchange.logs[0]?.line).toContain(`raised ${type}`);
    expect((await ask('single')).ended).toBe(true);
    expect(daemon.exitCode).toBeUndefined();
  });
});

describe('file_wrapper', () => {
  const first = 'first line, 27 bytes long.\n';
  const rest = 'x'.repeat(2673);
  let path: string;

  beforeAll(async () => {
    path = join(daemon.folder, 'file.txt');
    await writeFile(path, first + rest);
  });

  it('sends a file from its current position, with its length', async () => {
    const exchange = await ask('file', '', { environ: { X_FILE: path } });
    expect(exchange.header('content-length')).toBe('2673');
    expect(exchange.body).toBe(rest);
    expect((await ask('file-after')).body).toBe('True');
  });

  it('sends exactly Content-Length bytes', async () => {
    const exchange = await ask('file', '', { environ: { X_FILE: path, X_LENGTH: '10' } });
    expect(exchange.body).toBe('x'.repeat(10));
    expect(exchange.ended).toBe(true);
  });

  it('sends the whole rest when Content-Length is its length', async () => {
    const exchange = await ask('file', '', { environ: { X_FILE: path, X_LENGTH: '2673' } });
    expect(exchange.bodyBytes).toBe(2673);
    expect(exchange.ended).toBe(true);
  });

  it('looks cut off when the file is shorter than Content-Length', async () => {
    const exchange = await ask('file', '', { environ: { X_FILE: path, X_LENGTH: '9999' } });
    expect(exchange.bodyBytes).toBe(2673);
    expect(exchange.abort?.code).toBe('error');
  });

  it('sends no body in answer to HEAD', async () => {
    const exchange = await ask('file', '', { method: 'HEAD', environ: { X_FILE: path } });
    expect(exchange.header('content-length')).toBe('2673');
    expect(exchange.bodyBytes).toBe(0);
    expect(exchange.ended).toBe(true);
  });

  it('leaves the position as it was', async () => {
    expect((await ask('file-position', '', { environ: { X_FILE: path } })).bodyBytes).toBe(2673);
    expect((await ask('file-left-at')).body).toBe(String(first.length));
  });

  it('sends an empty file', async () => {
    const empty = join(daemon.folder, 'empty.txt');
    await writeFile(empty, '');
    const exchange = await ask('file-empty', '', { environ: { X_FILE: empty } });
    expect(exchange.header('content-length')).toBe('0');
    expect(exchange.ended).toBe(true);
    expect((await ask('file-empty', '', { environ: { X_NULL: '1' } })).ended).toBe(true);
  });

  it.each([
    ['file-memory', '0123456789'.repeat(10)],
    ['file-gzip', 'unpacked'],
    ['file-unusual', 'ab'],
  ])('iterates over what is no plain file: %s', async (name, body) => {
    const exchange = await ask(name);
    expect(exchange.body).toBe(body);
    expect(exchange.ended).toBe(true);
  });
});

describe('after the end of a request', () => {
  it('everything of it refuses to be used', async () => {
    await ask('late');
    expect((await ask('late-use')).body).toBe(
      'ValueError,ValueError,ValueError,OSError,RuntimeError,RuntimeError',
    );
  });
});

afterEach(() => {
  expect(daemon.exitCode).toBeUndefined();
});
