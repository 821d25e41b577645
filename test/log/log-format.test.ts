import { execFileSync } from 'node:child_process';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type AccessRecord,
  compileLogFormat,
  LogFormatError,
  parseLogFormat,
  predefinedLogFormats,
} from '../../src/log/index.js';

const zoneBefore = process.env.TZ;
beforeAll(() => {
  process.env.TZ = 'Asia/Kolkata';
});
afterAll(() => {
  if (zoneBefore === undefined) delete process.env.TZ;
  else process.env.TZ = zoneBefore;
});

const startedAt = Date.UTC(2026, 10, 22, 6, 4, 42, 7) + 0.25;
const headers: Record<string, string> = {
  referer: 'http://r/"quoted"',
  'user-agent': 'agent/1.0',
  cookie: 'first=1; Session=a"b; session=later',
};

function record(changes: Partial<AccessRecord> = {}): AccessRecord {
  return {
    startedAt,
    durationUs: 2_345_678.4,
    timeToFirstByteUs: 1_000.2,
    clientAddress: '192.0.2.1',
    peerAddress: '10.0.0.1',
    peerPort: 4567,
    localAddress: '10.0.0.2',
    localPort: 8080,
    keepAliveIndex: 3,
    connection: 'kept',
    requestLine: 'GET /a%20b?x=1 HTTP/1.1',
    method: 'GET',
    path: '/a b',
    query: 'x=1',
    protocol: 'HTTP/1.1',
    user: 'jim',
    status: 200,
    bodyBytesSent: 512,
    bytesReceived: 100,
    bytesSent: 700,
    filename: '/srv/a b',
    handler: 'wsgi-script',
    serverName: 'www.example.org',
    canonicalName: 'asked.example.org',
    canonicalPort: 80,
    pid: 255,
    logId: 'abc',
    requestHeader: (name) => headers[name.toLowerCase()],
    responseHeader: (name) => (name === 'X-Out' ? 'out' : undefined),
    environment: (name) => (name === 'MODE' ? 'test' : undefined),
    note: (name) => (name === 'n' ? 'noted' : undefined),
    ...changes,
  };
}

const line = (format: string, changes?: Partial<AccessRecord>) => compileLogFormat(format)(record(changes));

describe('log format', () => {
  it('common and combined', () => {
    expect(compileLogFormat(predefinedLogFormats.get('common') ?? '')(record())).toBe(
      '192.0.2.1 - jim [22/Nov/2026:11:34:42 +0530] "GET /a%20b?x=1 HTTP/1.1" 200 512',
    );
    expect(line(predefinedLogFormats.get('combined') ?? '')).toBe(
      '192.0.2.1 - jim [22/Nov/2026:11:34:42 +0530] "GET /a%20b?x=1 HTTP/1.1" 200 512 "http://r/\\"quoted\\"" "agent/1.0"',
    );
    expect(line(predefinedLogFormats.get('vhost_combined') ?? '')).toMatch(
      /^www\.example\.org:80 192\.0\.2\.1 /,
    );
    expect(line(predefinedLogFormats.get('referer') ?? '')).toBe('http://r/\\"quoted\\" -> /a b');
    expect(line(predefinedLogFormats.get('agent') ?? '')).toBe('agent/1.0');
  });

  it.each([
    ['%a %{c}a %h %{c}h %A', '192.0.2.1 10.0.0.1 192.0.2.1 10.0.0.1 10.0.0.2'],
    ['%p %{canonical}p %{local}p %{remote}p', '80 80 8080 4567'],
    ['%P %{pid}P %{tid}P %{hextid}P', '255 255 255 ff'],
    ['%l %u %k %X %L', '- jim 3 + abc'],
    ['%m %U %q %H %v %V', 'GET /a b ?x=1 HTTP/1.1 www.example.org asked.example.org'],
    ['%s %>s %<s', '200 200 200'],
    ['%b %B %I %O %S', '512 512 100 700 800'],
    ['%D %T %{s}T %{ms}T %{us}T %^FB', '2345678 2 2 2345 2345678 1000'],
    ['%f %R', '/srv/a b wsgi-script'],
    ['%{USER-agent}i %{X-Out}o %{nope}o %{MODE}e %{nope}e %{n}n', 'agent/1.0 out - test - noted'],
    ['%{session}C %{FIRST}C %{none}C', 'a\\"b 1 -'],
    ['%{X}^ti %{X}^to %{SSL_PROTOCOL}x', '- - -'],
    ['100%% %>{Referer}i %{Referer}>i', '100% http://r/\\"quoted\\" http://r/\\"quoted\\"'],
    ['tab\\there \\\\ \\q', 'tab\there \\ \\q'],
    ['é', '\xc3\xa9'],
    ['%{sec}t %{msec}t %{usec}t', `1795327482 1795327482007 1795327482007250`],
    ['%{msec_frac}t %{usec_frac}t', '007 007250'],
    ['%{begin:sec}t %{end:sec}t %{end:msec_frac}t', '1795327482 1795327484 352'],
    ['%{%d/%b/%Y:%H:%M:%S %z}t', '22/Nov/2026:11:34:42 +0530'],
    ['%{begin:}t %{end:%S}t', '[22/Nov/2026:11:34:42 +0530] 44'],
  ])('%s', (format, expected) => {
    expect(line(format)).toBe(expected);
  });

  it('writes - for what there is not', () => {
    const {
      requestLine: _r,
      method: _m,
      path: _p,
      query: _q,
      protocol: _h,
      user: _u,
      filename: _f,
      handler: _n,
      logId: _l,
      timeToFirstByteUs: _t,
      ...rest
    } = record();
    const early: AccessRecord = { ...rest, status: 408, bodyBytesSent: 0, requestHeader: () => undefined };
    expect(compileLogFormat('%r|%m|%U|%q|%H|%u|%f|%R|%L|%^FB|%b|%B|%{A}i|%{A}C')(early)).toBe(
      '-|-|-||-|-|-|-|-|-|-|0|-|-',
    );
  });

  it('tells the original status from the final one', () => {
    expect(line('%s %<s %>s', { status: 200, originalStatus: 404 })).toBe('404 404 200');
  });

  it('limits an item to statuses', () => {
    const format = '%400,501{User-Agent}i|%!200,304{User-Agent}i';
    expect(line(format, { status: 200 })).toBe('-|-');
    expect(line(format, { status: 501 })).toBe('agent/1.0|agent/1.0');
    expect(line(format, { status: 302 })).toBe('-|agent/1.0');
  });

  it('writes an empty user so that the columns stay', () => {
    expect(line('%u|%{A}e', { user: '', environment: () => '' })).toBe('""|');
  });

  it.each(['aborted', 'kept', 'closed'] as const)('%%X for a connection that was %s', (connection) => {
    expect(line('%X', { connection })).toBe({ aborted: 'X', kept: '+', closed: '-' }[connection]);
  });

  it('lets no request write a second line, a quote or a terminal code', () => {
    const evil = 'a" 200 1\r\n"\\\x1b[31m\b\v\f\x7f\xff';
    const expected = 'a\\" 200 1\\r\\n\\"\\\\\\x1b[31m\\b\\v\\x0c\\x7f\\xff';
    const changes: Partial<AccessRecord> = {
      requestLine: evil,
      method: evil,
      path: evil,
      query: evil,
      protocol: evil,
      user: evil,
      filename: evil,
      canonicalName: evil,
      requestHeader: (name) => (name === 'cookie' ? `c=${evil}` : evil),
      responseHeader: () => evil,
      environment: () => evil,
      note: () => evil,
    };
    for (const item of [
      '%r',
      '%m',
      '%U',
      '%H',
      '%u',
      '%f',
      '%V',
      '%{A}i',
      '%{A}o',
      '%{A}e',
      '%{A}n',
      '%{c}C',
    ])
      expect(line(item, changes)).toBe(expected);
    expect(line('%q', changes)).toBe(`?${expected}`);
  });

  it('keeps a password in the address out of the log', () => {
    const secret = 'GET http://jim:secret@example.org/p HTTP/1.1';
    expect(line('%r', { requestLine: secret })).toBe('GET http://jim:XXXXXXXX@example.org/p HTTP/1.1');
    expect(line('%r', { requestLine: 'GET /mail/a:b@c HTTP/1.1' })).toBe('GET /mail/a:b@c HTTP/1.1');
  });

  it.each([
    ['%h %Z', "Unrecognized LogFormat directive '%Z': there is no such directive"],
    ['%{x}^zz', "'%{x}^zz'"],
    ['%{cm}T', 'expected one of s, ms, us between the braces'],
    ['%{elsewhere}p', 'expected one of canonical, local, remote'],
    ['%{%d %!}t', "'%!' is not a known part of a time format"],
    ['100%', "'%' at the end of the format is cut off"],
    ['%{Referer', "'%{Referer' at the end of the format is cut off"],
    ['%>', "'%>' at the end"],
    ['%{constructor}p', 'expected one of'],
  ])('refuses %s', (format, message) => {
    expect(() => parseLogFormat(format)).toThrow(LogFormatError);
    expect(() => parseLogFormat(format)).toThrow(message);
  });

  it('knows no object members as time formats', () => {
    expect(line('%{constructor}t')).toBe('constructor');
  });

  it('is right on both sides of a second, in any order', () => {
    const write = compileLogFormat('%t');
    const at = (ms: number) => write(record({ startedAt: ms })).slice(13, 21);
    const base = Date.UTC(2026, 0, 1, 0, 0, 0);
    expect([base + 59_999, base + 60_000, base + 59_000, base + 63_000, base + 60_999].map(at)).toEqual([
      '05:30:59',
      '05:31:00',
      '05:30:59',
      '05:31:03',
      '05:31:00',
    ]);
  });

  it('formats times as strftime does', () => {
    const letters = [...'aAbBcCdDeFgGhHIjklmMnprRsStTuUVwWxXyYzZ%'];
    const format = letters.map((letter) => `%${letter}`).join('|');
    // Ends and beginnings of years are where weeks and days of the year go wrong.
    const times = [2019, 2020, 2021, 2022, 2023, 2024, 2026, 2027].flatMap((year) =>
      [
        [0, 1, 0],
        [0, 3, 12],
        [1, 29, 23],
        [6, 4, 1],
        [11, 29, 11],
        [11, 31, 23],
      ].map(([month = 0, day = 1, hour = 0]) => new Date(year, month, day, hour, 5, 9).getTime()),
    );
    const script =
      'import sys,time,json\nf,ts=json.load(sys.stdin)\nprint(json.dumps([time.strftime(f,time.localtime(t)) for t in ts]))';
    const expected: string[] = JSON.parse(
      execFileSync('python3', ['-c', script], {
        input: JSON.stringify([format, times.map((ms) => ms / 1000)]),
        env: { ...process.env, TZ: 'Asia/Kolkata', LC_ALL: 'C' },
        encoding: 'utf8',
      }),
    );
    const write = compileLogFormat(`%{${format}}t`);
    // %Z is the system's short name in strftime, what ICU calls the zone here.
    const withoutZone = (text: string) => text.replace(/\|[^|]*\|%$/, '');
    expect(times.map((ms) => withoutZone(write(record({ startedAt: ms }))))).toEqual(
      expected.map(withoutZone),
    );
  });
});
