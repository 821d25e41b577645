import { describe, expect, it } from 'vitest';
import * as wire from '../../src/wire/index.js';
import { WireViolation } from '../../src/wire/index.js';

const plain: wire.OutgoingRequest = {
  scriptFile: '/srv/app.mjs',
  applicationGroup: 'www.example.com|/app',
  callableName: 'application',
  callInterface: 'auto',
  checkScript: true,
  environ: ['REQUEST_METHOD', 'GET', 'modhost.url', '/'],
  headers: [],
};
const shared = [wire.sharePairs(['REMOTE_ADDR', '::1', 'EMPTY', '']), wire.sharePairs(['SERVER_NAME', 'h'])];
const sharedHeaders = wire.sharePairs(['Host', 'h', 'Cookie', '']);

const messages: readonly wire.OutgoingRequest[] = [
  plain,
  { ...plain, headers: ['Host', 'h'] },
  { ...plain, shared },
  { ...plain, sharedHeaders },
  { ...plain, shared, sharedHeaders },
  {
    ...plain,
    environ: ['REQUEST_METHOD', 'PUT', 'modhost.url', '/other', 'EMPTY', ''],
    shared,
    sharedHeaders,
  },
  {
    ...plain,
    // Names among the values, and values that end as names begin.
    environ: [
      ...['SCRIPT_NAME', '/a', 'QUERY_STRING', 'REQUEST_METHOD', 'OTHER_NAME!', 'HTTPS', 'HTTPS', 'on'],
      ...['SERVER_PROTOCOL', 'HTTP/1.0', 'REQUEST_URI', '', 'SCRIPT_NAME', '/\xe9', 'HTTPX', 'off'],
      ...['REQUEST_METHOP', 'PUT', 'modhost.urn', '/b', 'SERVER_PROTOCOM', '1'],
    ],
    shared: [wire.sharePairs(['REQUEST_METHOD', 'DELETE', 'SCRIPT_NAME', '/forged'])],
    sharedHeaders,
  },
  { ...plain, environ: [], shared, sharedHeaders },
  { ...plain, environ: [], sharedHeaders },
  { ...plain, environ: ['', ''], shared: [], sharedHeaders: wire.sharePairs([]) },
  { ...plain, hasBody: true, shared, sharedHeaders },
  { ...plain, scriptFile: '/srv/app.mjs2', shared, sharedHeaders },
  { ...plain, scriptFile: '/srv/\xe9.mjs', applicationGroup: '', wantsUpgrade: true, sharedHeaders },
  { ...plain, checkScript: false, isAhead: true, isHandlerScript: true, shared, sharedHeaders },
];

function wordsOf(pairs: wire.Pairs): wire.RequestWords {
  const told = new Map<string, string>();
  for (let at = 0; at < pairs.length; at += 2) told.set(pairs[at] as string, pairs[at + 1] as string);
  return {
    method: told.get('REQUEST_METHOD') ?? 'GET',
    url: told.get('modhost.url'),
    uri: told.get('REQUEST_URI'),
    scriptName: told.get('SCRIPT_NAME') ?? '',
    protocol: told.get('SERVER_PROTOCOL') ?? '',
    https: told.get('HTTPS') ?? '',
  };
}

describe('the decoder of one connection', () => {
  it('reads every message as the whole frame says it, whatever came before', () => {
    const decoder = new wire.RequestDecoder();
    for (const first of messages)
      for (const second of messages)
        for (const message of [first, second]) {
          const payload = Buffer.from(wire.encodeRequest(message), 'latin1');
          const { environ, headers, ...target } = wire.decodeRequest(payload);
          const read = decoder.decode(payload);
          expect(read).toMatchObject({ target, environ, headers });
          expect({ ...read.words }).toEqual(
            wordsOf(message.sharedHeaders === undefined ? environ : message.environ),
          );
        }
  });

  it('gives requests that begin alike the same target', () => {
    const decoder = new wire.RequestDecoder();
    const [one, other] = [plain, { ...plain, scriptFile: '/other' }].map((message) =>
      Buffer.from(wire.encodeRequest({ ...message, sharedHeaders }), 'latin1'),
    ) as [Buffer, Buffer];
    const { target } = decoder.decode(one);
    expect(decoder.decode(other).target).not.toBe(target);
    expect(decoder.decode(one).target).toBe(target);
    for (let at = 0; at < 100; at += 1)
      decoder.decode(Buffer.from(wire.encodeRequest({ ...plain, scriptFile: `/${at}` }), 'latin1'));
    expect(decoder.decode(one).target).toEqual(target);
  });

  it('needs nothing of the memory that the frame lay in', () => {
    const payload = Buffer.from(wire.encodeRequest({ ...plain, shared, sharedHeaders }), 'latin1');
    const expected = wire.decodeRequest(payload);
    const read = new wire.RequestDecoder().decode(payload);
    payload.fill('x');
    const { environ, headers, ...target } = expected;
    expect(read).toMatchObject({ target, environ, headers });
  });

  const beginning = '/a\0\0application\0auto\0rl\0';
  it.each([
    ['no lengths', '1'],
    ['one length', '1\x004'],
    ['no environ', '1\x004\x004'],
    ['a first part that is longer than all', '1\x004\x002\0a\0b'],
    ['a first part that ends in a text', '1\x003\x004\0a\0b'],
    ['an environ that ends in a text', '1\x004\x004\0a\0bc'],
    ['an environ that is longer than the frame', '1\x004\x0040\0a\0b'],
    ['a first part without its last value', '2\x006\x008\0a\0b\0c\0d'],
    ['a header without a value', '1\x004\x004\0a\0b\0Host'],
    ['a length that is no number', '1\x004\x00+4\0a\0b'],
    ['a negative length', '1\x00-4\x004\0a\0b'],
    ['no target', undefined],
  ])('refuses %s', (_, rest) => {
    const payload = Buffer.from(rest === undefined ? 'x\0y' : beginning + rest, 'latin1');
    const decoder = new wire.RequestDecoder();
    for (let time = 0; time < 2; time += 1) expect(() => decoder.decode(payload)).toThrow(WireViolation);
    expect(() => wire.decodeRequest(payload)).toThrow(WireViolation);
  });

  it('refuses an interface that it does not know, again and again', () => {
    const decoder = new wire.RequestDecoder();
    const payload = Buffer.from('/a\0\0application\0cgi\0l\x000\x000\x000', 'latin1');
    for (let time = 0; time < 2; time += 1) expect(() => decoder.decode(payload)).toThrow(WireViolation);
  });
});
