import { describe, expect, it } from 'vitest';
import { createErrorLog, formatErrorLine, type LogLevel } from '../../src/log/index.js';

const time = new Date(2026, 10, 22, 5, 43, 51, 18);
const entry = { time, module: 'wsgi', level: 'error', pid: 123, message: 'text' } as const;

describe('a line of the error log', () => {
  it('has Apache’s form', () => {
    expect(formatErrorLine(entry)).toBe(
      '[Sun Nov 22 05:43:51.018000 2026] [wsgi:error] [pid 123:tid 123] text\n',
    );
  });

  it('names the client and ends with the referer', () => {
    expect(formatErrorLine({ ...entry, client: '1.2.3.4:567', referer: 'http://a/' })).toBe(
      '[Sun Nov 22 05:43:51.018000 2026] [wsgi:error] [pid 123:tid 123] [client 1.2.3.4:567] text, referer: http://a/\n',
    );
  });

  it.each([
    [
      'a newline',
      'a\n[Sun Nov 22 …] [core:error] forged',
      'a\\n[Sun Nov 22 \\xe2\\x80\\xa6] [core:error] forged',
    ],
    ['a carriage return', 'a\rb', 'a\\rb'],
    ['a terminal code', '\x1b[2J\x07\x7f', '\\x1b[2J\\x07\\x7f'],
    ['bytes', '\xc3\xa9', '\\xc3\\xa9'],
    ['a backslash, but not a quote', 'a\\n "b"', 'a\\\\n "b"'],
    ['characters outside the first plane', '😀', '\\xf0\\x9f\\x98\\x80'],
    ['half a surrogate pair', '\ud83d', '\\xef\\xbf\\xbd'],
    ['NUL, tab and line separators', '\0\t\u2028\x85', '\\x00\\t\\xe2\\x80\\xa8\\x85'],
  ])('escapes %s', (_, message, expected) => {
    const line = formatErrorLine({ ...entry, message, client: message, referer: message });
    expect(line).toBe(
      `[Sun Nov 22 05:43:51.018000 2026] [wsgi:error] [pid 123:tid 123] [client ${expected}] ${expected}, referer: ${expected}\n`,
    );
  });
});

describe('an error log', () => {
  function record(defaultLevel: LogLevel, modules: Record<string, LogLevel> = {}) {
    const lines: string[] = [];
    const log = createErrorLog({
      write: (line) => lines.push(line),
      levels: { default: defaultLevel, modules: new Map(Object.entries(modules)) },
      pid: 7,
    });
    return { lines, log };
  }

  it('keeps what is at least as severe as LogLevel', () => {
    const { lines, log } = record('warn');
    log.log('error', 'core', 'one');
    log.log('warn', 'core', 'two');
    log.log('notice', 'core', 'three');
    expect(lines.map((line) => line.replace(/^.*\] /, ''))).toEqual(['one\n', 'two\n']);
    expect(log.isEnabled('emerg', 'core')).toBe(true);
    expect(log.isEnabled('debug', 'core')).toBe(false);
  });

  it('lets a module have a level of its own, lower or higher', () => {
    const { log } = record('info', { wsgi: 'trace3', ssl: 'error' });
    expect(log.isEnabled('trace3', 'wsgi')).toBe(true);
    expect(log.isEnabled('trace4', 'wsgi')).toBe(false);
    expect(log.isEnabled('warn', 'ssl')).toBe(false);
    expect(log.isEnabled('info', 'core')).toBe(true);
  });

  it('writes client, module, level and pid', () => {
    const { lines, log } = record('debug');
    log.log('debug', 'auth_basic', 'wrong password', { client: '[::1]:9', referer: 'x' });
    expect(lines[0]).toMatch(
      /^\[\w{3} \w{3} \d\d \d\d:\d\d:\d\d\.\d{6} \d{4}\] \[auth_basic:debug\] \[pid 7:tid 7\] \[client \[::1\]:9\] wrong password, referer: x\n$/,
    );
  });
});
