import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readlinkSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type FileAnswer, serveFile } from '../../src/files/index.js';
import { headerValue } from '../../src/http/index.js';

let folder: string;
const content = 'hello world\n';
const modifiedMs = Date.UTC(2025, 0, 2, 3, 4, 5);
const tag = `"c-${(modifiedMs * 1000).toString(16)}"`;
const lastModified = 'Thu, 02 Jan 2025 03:04:05 GMT';
const before = 'Wed, 01 Jan 2025 00:00:00 GMT';
const after = 'Fri, 03 Jan 2025 00:00:00 GMT';

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'modhost-files-'));
  put('f.txt');
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function put(name: string, text: string | Buffer = content): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  utimesSync(path, modifiedMs / 1000, modifiedMs / 1000);
  return path;
}

function ask(headers: Record<string, string> | readonly string[] = {}, method = 'GET', name = 'f.txt') {
  const list = Array.isArray(headers) ? headers : Object.entries(headers).flat();
  return serveFile({ method, headers: list, filename: join(folder, name) });
}

async function read(answer: FileAnswer): Promise<string> {
  let text = '';
  for await (const chunk of answer.body ?? [answer.content ?? ''])
    text += (chunk as Buffer).toString('latin1');
  return text;
}

/** What this process has open below the folder. */
function openFiles(): string[] {
  return readdirSync('/proc/self/fd')
    .map((fd) => {
      try {
        return readlinkSync(`/proc/self/fd/${fd}`);
      } catch {
        return '';
      }
    })
    .filter((path) => path.startsWith(folder));
}

describe('a file', () => {
  it('is sent with Apache’s headers', async () => {
    const answer = await ask();
    expect(answer.status).toBe(200);
    const etag = headerValue(answer.headers, 'etag');
    expect(answer.headers).toEqual([
      'Last-Modified',
      lastModified,
      'ETag',
      tag,
      'Accept-Ranges',
      'bytes',
      'Content-Length',
      '12',
      'Content-Type',
      'text/plain',
    ]);
    expect(etag).toMatch(/^"c-/);
    expect(await read(answer)).toBe(content);
  });

  it('has no body for HEAD and an empty file, and one for POST', async () => {
    const head = await ask({}, 'HEAD');
    expect([head.status, head.body ?? head.content, headerValue(head.headers, 'content-length')]).toEqual([
      200,
      undefined,
      '12',
    ]);
    expect(await read(await ask({}, 'POST'))).toBe(content);
    put('empty.txt', '');
    const empty = await ask({ Range: 'bytes=0-' }, 'GET', 'empty.txt');
    expect([empty.status, empty.body ?? empty.content, headerValue(empty.headers, 'content-length')]).toEqual(
      [200, undefined, '0'],
    );
  });

  it('has a weak tag while it is younger than a second', async () => {
    writeFileSync(join(folder, 'new.txt'), 'x');
    const answer = await ask({}, 'HEAD', 'new.txt');
    expect(headerValue(answer.headers, 'etag')).toMatch(/^W\/"1-[0-9a-f]+"$/);
    const again = await ask({ 'If-Match': headerValue(answer.headers, 'etag') ?? '' }, 'HEAD', 'new.txt');
    expect(again.status).toBe(412);
  });

  it('may be a dot file, or have any bytes as its name', async () => {
    put('.hidden');
    expect((await ask({}, 'HEAD', '.hidden')).status).toBe(200);
    for (const name of ['\xff\xfe%2e%2e\\..\\x.txt', '100% #?.txt', 'caf\xc3\xa9.txt']) {
      writeFileSync(Buffer.concat([Buffer.from(`${folder}/`), Buffer.from(name, 'latin1')]), name, 'latin1');
      const answer = await serveFile({ method: 'GET', headers: [], filename: `${folder}/${name}` });
      expect([answer.status, await read(answer)]).toEqual([200, name]);
    }
  });

  it('is streamed, however large', async () => {
    const big = Buffer.alloc(3_000_000, 'abcdefg');
    put('big.bin', big);
    const answer = await ask({ Range: 'bytes=1000000-2999998' }, 'GET', 'big.bin');
    expect(headerValue(answer.headers, 'content-range')).toBe('bytes 1000000-2999998/3000000');
    expect(await read(answer)).toBe(big.toString('latin1', 1_000_000, 2_999_999));
  });
});

describe('content type', () => {
  it.each([
    ['a.html', 'text/html'],
    ['a.HTML', 'text/html'],
    ['a.css', 'text/css'],
    ['a.js', 'text/javascript'],
    ['a.mjs', 'text/javascript'],
    ['a.json', 'application/json'],
    ['a.svg', 'image/svg+xml'],
    ['a.woff2', 'font/woff2'],
    ['a.wasm', 'application/wasm'],
    ['a.tar.gz', 'application/gzip'],
    ['a.html.en', 'text/html'],
    ['.x.css', 'text/css'],
    ['.html', undefined],
    ['html', undefined],
    ['a.', undefined],
    ['a.unknown-extension', undefined],
    ['a.constructor', undefined],
    ['a.__proto__', undefined],
  ])('of %s is %s', async (name, type) => {
    put(name);
    expect(headerValue((await ask({}, 'HEAD', name)).headers, 'content-type')).toBe(type);
  });
});

describe('preconditions', () => {
  const inmDate = { 'If-None-Match': tag };
  it.each<[string, Record<string, string>, number]>([
    ['If-Match with the tag', { 'If-Match': `"x", ${tag}` }, 200],
    ['If-Match *', { 'If-Match': '*' }, 200],
    ['If-Match with another tag', { 'If-Match': '"x"' }, 412],
    ['If-Match with the tag as weak', { 'If-Match': `W/${tag}` }, 412],
    ['If-Match with nothing usable', { 'If-Match': 'junk' }, 412],
    ['If-Unmodified-Since earlier', { 'If-Unmodified-Since': before }, 412],
    ['If-Unmodified-Since exactly', { 'If-Unmodified-Since': lastModified }, 200],
    ['If-Unmodified-Since earlier beside If-Match', { 'If-Match': tag, 'If-Unmodified-Since': before }, 412],
    ['If-Unmodified-Since that is no date', { 'If-Unmodified-Since': 'yesterday' }, 200],
    ['If-None-Match with the tag', inmDate, 304],
    ['If-None-Match with the tag as weak', { 'If-None-Match': `W/${tag}` }, 304],
    ['If-None-Match with a list', { 'If-None-Match': `"a,b" , ${tag}` }, 304],
    ['If-None-Match *', { 'If-None-Match': '*' }, 304],
    ['If-None-Match with another tag', { 'If-None-Match': '"x"' }, 200],
    ['If-Modified-Since exactly', { 'If-Modified-Since': lastModified }, 304],
    ['If-Modified-Since later', { 'If-Modified-Since': after }, 304],
    ['If-Modified-Since earlier', { 'If-Modified-Since': before }, 200],
    ['If-Modified-Since in RFC 850 form', { 'If-Modified-Since': 'Thursday, 02-Jan-25 03:04:05 GMT' }, 304],
    ['If-Modified-Since in asctime form', { 'If-Modified-Since': 'Thu Jan  2 03:04:05 2025' }, 304],
    ['If-Modified-Since with a length', { 'If-Modified-Since': `${lastModified}; length=12` }, 304],
    ['If-Modified-Since in the future', { 'If-Modified-Since': 'Thu, 02 Jan 2125 03:04:05 GMT' }, 200],
    ['If-Modified-Since at the epoch', { 'If-Modified-Since': 'Thu, 01 Jan 1970 00:00:00 GMT' }, 200],
    ['If-Modified-Since that Date.parse would take', { 'If-Modified-Since': '2026' }, 200],
    [
      'If-Modified-Since with an impossible time',
      { 'If-Modified-Since': 'Thu, 02 Jan 2025 25:04:05 GMT' },
      200,
    ],
    ['both saying not modified', { ...inmDate, 'If-Modified-Since': lastModified }, 304],
    ['tag same, date earlier', { ...inmDate, 'If-Modified-Since': before }, 200],
    ['tag other, date same', { 'If-None-Match': '"x"', 'If-Modified-Since': lastModified }, 200],
    ['Cache-Control: no-cache beside the tag', { ...inmDate, 'Cache-Control': 'no-cache' }, 304],
    ['a range beyond the end beside the tag', { ...inmDate, Range: 'bytes=50-' }, 304],
  ])('%s', async (_, headers, status) => {
    const answer = await ask(headers);
    expect(answer.status).toBe(status);
    if (status === 304) {
      expect(answer.headers).toEqual(['Last-Modified', lastModified, 'ETag', tag, 'Accept-Ranges', 'bytes']);
      expect(answer.body ?? answer.content).toBeUndefined();
    }
    answer.body?.destroy();
  });

  it('of POST: If-None-Match refuses, If-Modified-Since does not count', async () => {
    expect((await ask(inmDate, 'POST')).status).toBe(412);
    const answer = await ask({ 'If-Modified-Since': after }, 'POST');
    expect(answer.status).toBe(200);
    answer.body?.destroy();
  });

  it('count as one list when a field is repeated', async () => {
    expect((await ask(['If-None-Match', '"x"', 'if-none-match', tag])).status).toBe(304);
  });
});

describe('several ranges', () => {
  async function askParts(range: string, method = 'GET') {
    const answer = await ask({ Range: range }, method);
    const type = headerValue(answer.headers, 'content-type') ?? '';
    const [, boundary = 'none'] = /^multipart\/byteranges; boundary=([0-9a-f]{16})$/.exec(type) ?? [];
    const text = (await read(answer)).replaceAll(boundary, 'B');
    return { answer, text, length: text.length + (text.split('--B').length - 1) * 15 };
  }
  const part = (range: string, text: string) =>
    `\r\n--B\r\nContent-type: text/plain\r\nContent-range: bytes ${range}/12\r\n\r\n${text}`;

  it.each([
    ['bytes=0-1,3-4', [part('0-1', 'he'), part('3-4', 'lo')]],
    ['bytes=3-4,0-1', [part('3-4', 'lo'), part('0-1', 'he')]],
    ['bytes=0-0,-1', [part('0-0', 'h'), part('11-11', '\n')]],
    ['bytes=0-1,50-60,3-4,2-5', [part('0-1', 'he'), part('2-5', 'llo ')]],
  ])('%s', async (range, parts) => {
    const { answer, text, length } = await askParts(range);
    expect(answer.status).toBe(206);
    expect(headerValue(answer.headers, 'content-range')).toBeUndefined();
    expect(text).toBe(`${parts.join('')}\r\n--B--\r\n`);
    expect(headerValue(answer.headers, 'content-length')).toBe(String(length));
    const head = await askParts(range, 'HEAD');
    expect(head.answer.body).toBeUndefined();
    expect(headerValue(head.answer.headers, 'content-length')).toBe(String(length));
  });

  it('leave no file open, whether they are read or not', async () => {
    put('parts.bin', Buffer.alloc(3_000_000));
    const ranges = { Range: 'bytes=0-300000,500000-999999' };
    const never = await ask(ranges, 'GET', 'parts.bin');
    never.body?.destroy();
    const half = await ask(ranges, 'GET', 'parts.bin');
    half.body?.once('readable', () => half.body?.destroy());
    await read(await ask(ranges, 'GET', 'parts.bin'));
    await expect.poll(openFiles).toEqual([]);
  });

  it('end with an error when the file becomes shorter', async () => {
    put('shorter.bin', Buffer.alloc(3_000_000));
    const answer = await ask({ Range: 'bytes=0-1,500000-999999' }, 'GET', 'shorter.bin');
    truncateSync(join(folder, 'shorter.bin'), 10);
    await expect(read(answer)).rejects.toThrow(/ended \d+ bytes early/);
    await expect.poll(openFiles).toEqual([]);
  });
});

describe('ranges', () => {
  it.each([
    ['bytes=0-3', 'bytes 0-3/12', 'hell'],
    ['bytes=-4', 'bytes 8-11/12', 'rld\n'],
    ['bytes=-400', 'bytes 0-11/12', content],
    ['bytes=4-', 'bytes 4-11/12', 'o world\n'],
    ['bytes=4-99', 'bytes 4-11/12', 'o world\n'],
    ['BYTES=11-11', 'bytes 11-11/12', '\n'],
    ['bytes=0-1,,2-3', 'bytes 0-3/12', 'hell'],
    ['bytes=50-60,1-2', 'bytes 1-2/12', 'el'],
    ['bytes=5-6,0-5', 'bytes 0-6/12', 'hello w'],
  ])('%s is a part', async (range, contentRange, text) => {
    for (const method of ['GET', 'POST']) {
      const answer = await ask({ Range: range }, method);
      expect(answer.status).toBe(206);
      expect(headerValue(answer.headers, 'content-range')).toBe(contentRange);
      expect(headerValue(answer.headers, 'content-length')).toBe(String(text.length));
      expect(await read(answer)).toBe(text);
    }
    const head = await ask({ Range: range }, 'HEAD');
    expect([head.status, head.body]).toEqual([206, undefined]);
  });

  it.each([
    'bytes=-0',
    'bytes=',
    'bytes=-',
    'bytes=a',
    'bytes=3-1',
    'bytes =0-1',
    'bytes= 0-1',
    'bytes=0 -1',
    'bytes=0-1, 2-3',
    'bytes=+0-1',
    'bytes=0-0x5',
    'bytes=0-1,junk',
    'bytes=99999999999999999999999-',
    'lines=0-1',
    'bytes=0-5,8-9,0-5',
    `bytes=${Array.from({ length: 201 }, () => '0-1').join(',')}`,
    `bytes=${Array.from({ length: 22 }, () => '0-1').join(',')}`,
  ])('%s is the whole file', async (range) => {
    const answer = await ask({ Range: range });
    expect(answer.status).toBe(200);
    expect(await read(answer)).toBe(content);
  });

  it.each(['bytes=12-', 'bytes=50-60', 'bytes=12-,13-14'])('%s cannot be satisfied', async (range) => {
    const answer = await ask({ Range: range });
    expect(answer).toEqual({ status: 416, headers: ['Content-Range', 'bytes */12'] });
  });

  it.each([
    ['the tag', tag, 206],
    ['the date', lastModified, 206],
    ['another tag', '"x"', 200],
    ['the tag as weak', `W/${tag}`, 200],
    ['a list', `"x", ${tag}`, 200],
    ['a later date', after, 200],
    ['no date', 'junk', 200],
  ])('If-Range with %s', async (_, ifRange, status) => {
    const answer = await ask({ Range: 'bytes=0-3', 'If-Range': ifRange });
    expect(answer.status).toBe(status);
    answer.body?.destroy();
  });

  it('If-Range with a date less than a minute old is not trusted', async () => {
    writeFileSync(join(folder, 'young.txt'), content);
    const date = headerValue((await ask({}, 'HEAD', 'young.txt')).headers, 'last-modified') ?? '';
    const answer = await ask({ Range: 'bytes=0-3', 'If-Range': date }, 'GET', 'young.txt');
    expect(answer.status).toBe(200);
    answer.body?.destroy();
  });
});

describe('what is no file to be had', () => {
  it('missing: 404', async () => {
    for (const name of ['missing', 'f.txt/below', 'null\0byte']) {
      const answer = await ask({}, 'GET', name);
      expect(answer).toMatchObject({ status: 404, headers: [] });
      expect(answer.reason).toBeTruthy();
    }
  });

  it('a directory, a loop, a socket, a name too long: 403', async () => {
    mkdirSync(join(folder, 'directory'));
    symlinkSync('loop', join(folder, 'loop'));
    const server = createServer().listen(join(folder, 'socket'));
    await once(server, 'listening');
    for (const name of ['directory', 'loop', 'socket', 'n'.repeat(300)]) {
      const answer = await ask({}, 'GET', name);
      expect([name, answer.status, answer.body]).toEqual([name, 403, undefined]);
      expect(answer.reason).toBeTruthy();
    }
    server.close();
  });

  it('a named pipe or a device: 403 at once', async () => {
    execFileSync('mkfifo', [join(folder, 'fifo')]);
    expect((await ask({}, 'GET', 'fifo')).status).toBe(403);
    expect((await serveFile({ method: 'GET', headers: [], filename: '/dev/zero' })).status).toBe(403);
  });

  it.skipIf(process.getuid?.() === 0)('unreadable: 403 with the reason', async () => {
    chmodSync(put('secret.txt'), 0);
    const answer = await ask({}, 'GET', 'secret.txt');
    expect(answer.status).toBe(403);
    expect(answer.reason).toMatch(/secret\.txt failed: EACCES/);
  });
});

describe('descriptors', () => {
  it('are closed after every kind of answer', async () => {
    put('big.bin', Buffer.alloc(3_000_000));
    const whole = await ask({}, 'GET', 'big.bin');
    await read(whole);
    const aborted = await ask({}, 'GET', 'big.bin');
    aborted.body?.once('readable', () => aborted.body?.destroy());
    await once(aborted.body ?? whole.body ?? process, 'close');
    const never = await ask({}, 'GET', 'big.bin');
    never.body?.destroy();
    await ask({}, 'HEAD', 'big.bin');
    await ask({ 'If-Match': '"x"' }, 'GET', 'big.bin');
    await ask({ Range: 'bytes=9999999-' }, 'GET', 'big.bin');
    await ask({}, 'GET', 'directory');
    await expect.poll(openFiles).toEqual([]);
  });

  it('keep the file when its name goes', async () => {
    const large = content.repeat(200_000);
    put('gone.txt', large);
    const answer = await ask({}, 'GET', 'gone.txt');
    unlinkSync(join(folder, 'gone.txt'));
    expect(await read(answer)).toBe(large);
  });

  it('a file that becomes shorter ends with an error, not as if it were complete', async () => {
    put('shrinks.bin', Buffer.alloc(3_000_000));
    const answer = await ask({}, 'GET', 'shrinks.bin');
    truncateSync(join(folder, 'shrinks.bin'), 10);
    await expect(read(answer)).rejects.toThrow(/ended \d+ bytes early/);
    await expect.poll(openFiles).toEqual([]);
  });
});

describe('a small file that was served before', () => {
  const old = () => utimesSync(join(folder, 'small.txt'), modifiedMs / 1000, modifiedMs / 1000);
  /** The time of its last change of state cannot be set: only waiting makes it old enough to be kept. */
  const settle = () => new Promise((resolve) => setTimeout(resolve, 2_200));

  it('comes from memory', async () => {
    put('small.txt');
    await settle();
    await read(await ask({}, 'GET', 'small.txt'));
    const again = serveFile({ method: 'GET', headers: [], filename: join(folder, 'small.txt') });
    expect(again).not.toBeInstanceOf(Promise);
    expect(await read(await again)).toBe(content);
    expect(await read(await ask({ range: 'bytes=1-2' }, 'GET', 'small.txt'))).toBe('el');
    expect((await ask({ 'if-none-match': tag }, 'GET', 'small.txt')).status).toBe(304);
  });

  it('is read again when its content was changed under the same size and time', async () => {
    put('small.txt');
    await settle();
    await read(await ask({}, 'GET', 'small.txt'));
    writeFileSync(join(folder, 'small.txt'), content.toUpperCase());
    old();
    expect(await read(await ask({}, 'GET', 'small.txt'))).toBe(content.toUpperCase());
  });

  it('is read again when another one has its name, and not served when it is gone', async () => {
    put('small.txt');
    await settle();
    await read(await ask({}, 'GET', 'small.txt'));
    put('other.txt', content.toUpperCase());
    renameSync(join(folder, 'other.txt'), join(folder, 'small.txt'));
    expect(await read(await ask({}, 'GET', 'small.txt'))).toBe(content.toUpperCase());
    unlinkSync(join(folder, 'small.txt'));
    expect((await ask({}, 'GET', 'small.txt')).status).toBe(404);
  });

  it.skipIf(process.getuid?.() !== 0)('asks anew who may read it when its mode was changed', async () => {
    put('small.txt');
    await settle();
    await read(await ask({}, 'GET', 'small.txt'));
    chmodSync(join(folder, 'small.txt'), 0o600);
    const [nobody] = execFileSync('id', ['-u', 'nobody'], { encoding: 'utf8' }).split('\n');
    chmodSync(folder, 0o755);
    process.seteuid?.(Number(nobody));
    try {
      expect((await ask({}, 'GET', 'small.txt')).status).toBe(403);
    } finally {
      process.seteuid?.(0);
    }
  });
});
