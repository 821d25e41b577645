import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import * as wire from '../../src/wire/index.js';
import { FrameReader, FrameType, WireViolation } from '../../src/wire/index.js';
import { encodeFrame } from './encode-frame.js';

/** One frame as the fixtures write it: bytes as hex, texts as byte strings. */
interface FrameFixture {
  readonly type: keyof typeof FrameType;
  readonly stream: number;
  readonly message?: unknown;
}

interface Fixture {
  readonly name: string;
  readonly title: string;
  /** Hex, one item per frame. */
  readonly bytes: readonly string[];
  /** Of a valid fixture. */
  readonly frames?: readonly FrameFixture[];
  /** So many texts at the end of each REQUEST's environ are shared with other requests. */
  readonly shared?: number;
  /** Of an invalid one: a part of the violation's message, in both languages. */
  readonly violation?: string;
}

interface PythonResult {
  readonly name: string;
  readonly fed: readonly {
    readonly how: string;
    readonly frames: readonly FrameFixture[];
    readonly violation: string | null;
  }[];
  readonly encoded: readonly (string | null)[];
}

const here = fileURLToPath(new URL('.', import.meta.url));
const valid = readFixtures('valid');
const invalid = readFixtures('invalid');
const feeds = [
  ['whole', 1 << 20],
  ['in pieces of 7', 7],
  ['byte by byte', 1],
] as const;
// Python encodes what only a daemon sends and never reads it, so its violations there are no one's.
const fromDaemon: readonly string[] = ['response', 'log', 'reply'];

function readFixtures(folder: string): Fixture[] {
  return readdirSync(join(here, folder))
    .sort()
    .map((name) => ({ name, ...JSON.parse(readFileSync(join(here, folder, name), 'utf8')) }));
}

function typeName(type: FrameType): keyof typeof FrameType {
  const entry = Object.entries(FrameType).find(([, value]) => value === type);
  if (entry === undefined) throw new Error(`no name for ${type}`);
  return entry[0] as keyof typeof FrameType;
}

function decode(type: keyof typeof FrameType, payload: Buffer): unknown {
  switch (type) {
    case 'hello':
      return { fields: Object.fromEntries(wire.decodeHello(payload)) };
    case 'request':
      return wire.decodeRequest(payload);
    case 'response':
      return wire.decodeResponse(payload);
    case 'call':
      return wire.decodeCall(payload);
    case 'reply':
      return wire.decodeReply(payload);
    case 'abort':
      return wire.decodeAbort(payload);
    case 'credit':
      return { bytes: wire.decodeCredit(payload) };
    case 'log': {
      const { level, line } = wire.decodeLog(payload);
      return { level, line: line.toString('latin1') };
    }
    case 'body':
    case 'ping':
    case 'pong':
      return { bytes: payload.toString('hex') };
    default:
      return undefined;
  }
}

const plainRequest: wire.OutgoingRequest = {
  scriptFile: '/app.py',
  applicationGroup: '',
  callableName: 'application',
  callInterface: 'auto',
  checkScript: true,
  environ: [],
  headers: [],
};

function encode(frame: FrameFixture, { shared = 0 }: Fixture): string {
  const type = FrameType[frame.type];
  const message = (
    shared > 0 && frame.type === 'request' ? share(frame.message, shared) : frame.message
  ) as never;
  return encodeFrame(type, frame.stream, encodePayload(frame.type, message)).toString('hex');
}

function share(message: unknown, count: number): wire.OutgoingRequest {
  const { environ, ...others } = message as wire.RequestMessage;
  return { ...others, environ: environ.slice(0, -count), shared: [wire.sharePairs(environ.slice(-count))] };
}

function encodePayload(type: keyof typeof FrameType, message: never): Buffer | undefined {
  switch (type) {
    case 'hello': {
      const fields = Object.entries((message as { fields: Record<string, string> }).fields);
      return latin1(wire.encodeHello(fields.filter(([name]) => name !== 'version').flat()));
    }
    case 'request':
      return latin1(wire.encodeRequest(message));
    case 'response':
      return latin1(wire.encodeResponse(message));
    case 'call':
      return latin1(wire.encodeCall(message));
    case 'reply':
      return latin1(wire.encodeReply(message));
    case 'abort': {
      const { code, sentence } = message as wire.AbortMessage;
      return latin1(wire.encodeAbort(code, sentence));
    }
    case 'credit':
      return wire.encodeCredit((message as { bytes: number }).bytes);
    case 'log': {
      const { level, line } = message as { level: string; line: string };
      return wire.encodeLog(level, latin1(line));
    }
    case 'body':
    case 'ping':
    case 'pong':
      return Buffer.from((message as { bytes: string }).bytes, 'hex');
    default:
      return undefined;
  }
}

function latin1(text: string): Buffer {
  return Buffer.from(text, 'latin1');
}

function readInPieces(fixture: Fixture, size: number): FrameFixture[] {
  const frames: FrameFixture[] = [];
  const reader = new FrameReader((type, stream, payload) => {
    const name = typeName(type);
    const message = decode(name, payload);
    frames.push({ type: name, stream, ...(message === undefined ? {} : { message }) });
  });
  const bytes = Buffer.from(fixture.bytes.join(''), 'hex');
  for (let at = 0; at < bytes.length; at += size) reader.push(bytes.subarray(at, at + size));
  return frames;
}

function runPython(folder: string): Map<string, PythonResult> {
  const output = execFileSync('python3', [join(here, 'check_fixtures.py'), join(here, folder)], {
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
  });
  const results = output
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as PythonResult);
  return new Map(results.map((result) => [result.name, result]));
}

describe('the codec in TypeScript', () => {
  describe.each(valid.map((fixture) => [fixture.title, fixture] as const))('reads %s', (_, fixture) => {
    it.each(feeds)('%s', (_how, size) => {
      expect(readInPieces(fixture, size)).toEqual(fixture.frames);
    });

    it('and writes the same bytes', () => {
      expect(fixture.frames?.map((frame) => encode(frame, fixture))).toEqual(fixture.bytes);
    });
  });

  describe.each(invalid.map((fixture) => [fixture.title, fixture] as const))('refuses %s', (_, fixture) => {
    it.each(feeds)('%s', (_how, size) => {
      let caught: unknown;
      try {
        readInPieces(fixture, size);
      } catch (error) {
        caught = error;
      }
      expect(caught).toBeInstanceOf(WireViolation);
      expect((caught as Error).message).toContain(fixture.violation);
    });
  });

  it('refuses a text with a NUL', () => {
    expect(() => wire.encodeTexts(['a', 'b\0c'])).toThrow(WireViolation);
    expect(() => wire.encodeTexts(['\0'])).toThrow(WireViolation);
    expect(() => wire.sharePairs(['a', 'b\0c'])).toThrow(WireViolation);
    expect(() => wire.encodeRequest({ ...plainRequest, environ: ['a', 'b\0c'] })).toThrow(WireViolation);
    expect(() => wire.encodeRequest({ ...plainRequest, headers: ['a\0', 'b'] })).toThrow(WireViolation);
    for (const name of ['scriptFile', 'applicationGroup', 'callableName'])
      expect(() => wire.encodeRequest({ ...plainRequest, [name]: 'a\0' })).toThrow(WireViolation);
  });

  it('writes names that many messages have, and how they begin, as if for this message alone', () => {
    const names = wire.shareNames(['A', 'B', 'EMPTY']);
    const values = ['1', '\xff', ''];
    const environ = ['OWN', 'o', 'A', '1', 'B', '\xff', 'EMPTY', ''];
    for (const more of [
      {},
      { headers: ['X', 'x'] },
      { shared: [wire.sharePairs(['SERVER', 's'])] },
      { shared: [wire.sharePairs(['SERVER', 's'])], sharedHeaders: wire.sharePairs(['Host', 'h']) },
    ]) {
      const message = { ...plainRequest, ...more };
      const called = wire.joinCalled(message);
      expect(
        wire.encodeRequest({ ...message, called, environ: ['OWN', 'o'], facts: { names, values } }),
      ).toBe(wire.encodeRequest({ ...message, environ }));
    }
    const facts = (given: readonly string[]) => () =>
      wire.encodeRequest({ ...plainRequest, facts: { names, values: given } });
    expect(facts(['1', 'a\0b', ''])).toThrow(WireViolation);
    expect(facts(['1', '2'])).toThrow(WireViolation);
    expect(facts(['1', '2', '3', '4'])).toThrow(WireViolation);
    expect(() => wire.shareNames(['a\0'])).toThrow(WireViolation);
    expect(() => wire.joinCalled({ ...plainRequest, callableName: 'a\0b' })).toThrow(WireViolation);
  });

  it('reads answers that are alike as the same message, and others as others', () => {
    const decoder = new wire.ResponseDecoder();
    const texts = [
      '200 OK\0A\x001',
      '200 OK\0A\x002',
      '404 No\0A\x002',
      '200',
      `200\0A\0${'x'.repeat(3_000)}`,
    ];
    for (const text of [...texts, ...texts, ...texts.toReversed()])
      expect(decoder.decode(latin1(text))).toEqual(wire.decodeResponse(latin1(text)));
    const [text = ''] = texts;
    expect(decoder.decode(latin1(text))).toBe(decoder.decode(latin1(text)));
    expect(() => decoder.decode(latin1('20 OK'))).toThrow(WireViolation);
    expect(() => decoder.decode(latin1('200 OK\0A'))).toThrow(WireViolation);
    expect(() => decoder.decode(latin1('200 OK\0A'))).toThrow(WireViolation);
    expect(() => decoder.decode(latin1(''))).toThrow(WireViolation);
  });

  it('writes shared pairs as part of the environ, behind the rest', () => {
    const shared = [
      wire.sharePairs(['SERVER', 's', 'EMPTY', '']),
      wire.sharePairs([]),
      wire.sharePairs(['B', 'b']),
    ];
    const sharedHeaders = wire.sharePairs(['Y', '']);
    const text = wire.encodeRequest({
      ...plainRequest,
      environ: ['A', 'a'],
      headers: ['X', 'x'],
      shared,
      sharedHeaders,
    });
    expect(wire.decodeRequest(latin1(text))).toMatchObject({
      environ: ['A', 'a', 'SERVER', 's', 'EMPTY', '', 'B', 'b'],
      headers: ['X', 'x', 'Y', ''],
    });
    const bare = wire.encodeRequest({ ...plainRequest, environ: [], sharedHeaders: wire.sharePairs([]) });
    expect(wire.decodeRequest(latin1(bare))).toMatchObject({ environ: [], headers: [] });
  });
});

describe('the codec in Python', () => {
  const readValid = runPython('valid');
  const readInvalid = runPython('invalid');

  it.each(valid.map((fixture) => [fixture.title, fixture] as const))('reads %s', (_, fixture) => {
    const frames = fixture.frames?.map((frame, index) =>
      fromDaemon.includes(frame.type)
        ? { ...frame, message: { payload: fixture.bytes[index]?.slice(16) } }
        : frame,
    );
    const result = readValid.get(fixture.name);
    expect(result?.fed.map(({ how }) => how)).toEqual(feeds.map(([how]) => how));
    for (const fed of result?.fed ?? []) {
      expect(fed.violation).toBeNull();
      expect(fed.frames).toEqual(frames);
    }
  });

  it.each(valid.map((fixture) => [fixture.title, fixture] as const))(
    'writes the same bytes for %s',
    (_, fixture) => {
      const encoded = readValid.get(fixture.name)?.encoded ?? [];
      // REQUEST and CALL come from front ends only.
      const expected = fixture.frames?.map(({ type }, index) =>
        type === 'request' || type === 'call' ? null : fixture.bytes[index],
      );
      expect(encoded).toEqual(expected);
    },
  );

  const forDaemons = invalid.filter(({ name }) => !fromDaemon.some((type) => name.startsWith(`${type}-`)));
  it.each(forDaemons.map((fixture) => [fixture.title, fixture] as const))('refuses %s', (_, fixture) => {
    const result = readInvalid.get(fixture.name);
    expect(result?.fed.length).toBe(feeds.length);
    for (const fed of result?.fed ?? []) expect(fed.violation).toContain(fixture.violation);
  });
});
