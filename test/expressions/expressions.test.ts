import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import {
  asksFor,
  evaluateCondition,
  evaluateText,
  parseCondition,
  parseText,
  type Subject,
} from '../../src/expressions/index.js';

/** What conditions.txt and texts.txt say was recorded from Apache 2.4, for this request and these files. */
const root = mkdtempSync(join(tmpdir(), 'modhost-expressions-'));
mkdirSync(join(root, 'htdocs'));
mkdirSync(join(root, 'cgi'));
writeFileSync(join(root, 'htdocs/f.txt'), 'hello\n');
writeFileSync(join(root, 'htdocs/empty.txt'), '');
symlinkSync('f.txt', join(root, 'htdocs/link.txt'));
writeFileSync(join(root, 'cgi/env'), '#!/bin/sh\n', { mode: 0o755 });
afterAll(() => rmSync(root, { recursive: true }));

const variables: Readonly<Record<string, string>> = {
  API_VERSION: '20120211',
  CONN_REMOTE_ADDR: '127.0.0.1',
  CONTEXT_DOCUMENT_ROOT: `${root}/cgi/`,
  CONTEXT_PREFIX: '/cgi/',
  DOCUMENT_ROOT: `${root}/htdocs`,
  DOCUMENT_URI: '/cgi/env/pa th',
  HANDLER: 'cgi-script',
  HTTP2: 'off',
  HTTPS: 'off',
  HTTP_ACCEPT: '*/*',
  HTTP_COOKIE: 'a=1',
  HTTP_HOST: 'H.example:8080',
  HTTP_USER_AGENT: 'Lab/1.0',
  IPV6: 'off',
  IS_SUBREQ: 'false',
  PATH_INFO: '/pa th',
  QUERY_STRING: 'q=1&x=Y',
  REMOTE_ADDR: '127.0.0.1',
  REMOTE_HOST: '127.0.0.1',
  REMOTE_PORT: '50000',
  REQUEST_FILENAME: `${root}/cgi/env`,
  REQUEST_METHOD: 'GET',
  REQUEST_SCHEME: 'http',
  REQUEST_STATUS: '200',
  REQUEST_URI: '/cgi/env/pa th',
  SCRIPT_FILENAME: `${root}/cgi/env`,
  SERVER_ADMIN: 'admin@lab',
  SERVER_NAME: 'h.example',
  SERVER_PORT: '8080',
  SERVER_PROTOCOL: 'HTTP/1.1',
  SERVER_SOFTWARE: 'Apache/2.4',
  THE_REQUEST: 'GET /cgi/env/pa%20th?q=1&x=Y HTTP/1.1',
};

const headers: Readonly<Record<string, string>> = {
  host: 'H.example:8080',
  'x-test': 'yes',
  'x-twice': 'one, two',
};

const subject: Subject = {
  variable: (name) => (name === 'CONTENT_TYPE' ? '' : variables[name]),
  requestHeader: (name) => headers[name.toLowerCase()],
  responseHeader: () => undefined,
  environment: (name) => (name.toUpperCase() === 'FOO' ? 'foo' : undefined),
  note: () => undefined,
  tlsVariable: (name) => (name === 'SSL_PROTOCOL' ? 'TLSv1.3' : undefined),
};

process.env.FROM_OS = 'osval';

function readTable(name: string): [string, string][] {
  const lines = readFileSync(new URL(name, import.meta.url), 'utf8')
    .trimEnd()
    .split('\n');
  return lines.map((line) => {
    const tab = line.indexOf('\t');
    return [line.slice(0, tab), line.slice(tab + 1)];
  });
}

function outcomeOf(expression: string): string {
  const parsed = parseCondition(expression.replaceAll('$ROOT', root));
  if (parsed.kind === 'wrong') return 'refused';
  const evaluation = evaluateCondition(structuredClone(parsed.value), subject);
  return evaluation.kind === 'fault' ? 'fault' : String(evaluation.holds);
}

function mistakeOf(expression: string) {
  const parsed = parseCondition(expression);
  return parsed.kind === 'wrong' ? `${parsed.at}: ${parsed.message}` : undefined;
}

describe('a condition', () => {
  it.each(readTable('conditions.txt'))('is %s as in Apache: %s', (outcome, expression) => {
    expect(outcomeOf(expression)).toBe(outcome);
  });

  it.each([
    ["%{REQUST_URI} == 'x'", "0: there is no variable 'REQUST_URI'"],
    [
      '-n %{HTTP_X_REAL_IP}',
      "3: there is no variable 'HTTP_X_REAL_IP'; a request header is %{HTTP:X-REAL-IP}",
    ],
    ["'a' == bare", "7: expected a quoted text, a number, %{VARIABLE} or a function, not 'bare'"],
    ['true &&', '7: expected a quoted text, a number, %{VARIABLE} or a function, not the end'],
    ["'a' =~ /(/", '7: in the pattern: expected a regular expression: Unterminated group'],
    ["'a' -matches 'b'", "4: there is no operator '-matches'"],
    ["-U '/x'", '0: -U is not supported: it would need a request within the request'],
    ["'a' =~ /b", '7: expected / at the end of the pattern'],
    ["'a", "0: expected ' at the end of what begins here"],
    ['(true', "5: expected ')', not the end"],
    ["ldap('a') == 'a'", "0: the function 'ldap' is not supported"],
  ])('that is wrong says where and what was expected: %s', (expression, mistake) => {
    expect(mistakeOf(expression)).toBe(mistake);
  });

  it('does not use up the stack', () => {
    expect(outcomeOf('('.repeat(100_000))).toBe('refused');
    expect(outcomeOf('!'.repeat(100_000))).toBe('refused');
    expect(outcomeOf(`'${'%{tolower:'.repeat(100_000)}`)).toBe('refused');
    expect(outcomeOf(`-n ${'tolower('.repeat(100_000)}`)).toBe('refused');
  });

  it('is read or refused, and evaluated or a fault, whatever it is made of', () => {
    const pieces = [
      ...[
        "'a'",
        '"b$1"',
        '%{HTTP_HOST}',
        '%{tolower:',
        '}',
        '%{',
        '$1',
        '-n ',
        '-f ',
        '=~',
        '/a(b/',
        '/(a)/i',
        'm#x#',
      ],
      ...[
        '==',
        '-eq',
        '-in',
        '{',
        ',',
        '(',
        ')',
        '!',
        '&&',
        '||',
        '.',
        ' ',
        '5',
        '-ipmatch',
        "'10.0.0.0/8'",
        'req(',
      ],
      ...['true', 'not', "'", '\\', '\u00e9', 'file(', 'md5('],
    ];
    let seed = 20_261_122;
    const next = (below: number) => {
      seed = (Math.imul(seed, 1_103_515_245) + 12_345) >>> 0;
      return (seed >>> 8) % below;
    };
    const outcomes = new Set<string>();
    for (let round = 0; round < 20_000; round += 1) {
      const text = Array.from({ length: next(8) + 1 }, () => pieces[next(pieces.length)]).join('');
      outcomes.add(outcomeOf(text));
    }
    outcomes.delete('fault');
    expect([...outcomes].sort()).toEqual(['false', 'refused', 'true']);
  });

  it('knows which variables it asks for', () => {
    const parse = (text: string) => {
      const parsed = parseCondition(text);
      if (parsed.kind === 'wrong') throw new Error(parsed.message);
      return parsed.value;
    };
    expect(asksFor('REMOTE_USER', parse("true || -z tolower('a' . %{REMOTE_USER})"))).toBe(true);
    expect(asksFor('REMOTE_USER', parse("'x' in { 'a', \"%{REMOTE_USER}\" }"))).toBe(true);
    expect(asksFor('REMOTE_USER', parse("%{REMOTE_ADDR} == 'REMOTE_USER'"))).toBe(false);
  });

  it('gives the groups of its last pattern', () => {
    const parsed = parseCondition('%{QUERY_STRING} =~ /q=(.)(z)?/');
    if (parsed.kind === 'wrong') throw new Error(parsed.message);
    expect(evaluateCondition(parsed.value, subject)).toEqual({
      kind: 'settled',
      holds: true,
      groups: ['q=1', '1', ''],
    });
  });
});

describe('a text', () => {
  it.each(readTable('texts.txt'))('%s is %s, as in Apache', (text, outcome) => {
    const parsed = parseText(text);
    const evaluation = parsed.kind === 'wrong' ? parsed : evaluateText(parsed.value, subject);
    expect(
      evaluation.kind === 'settled' ? evaluation.text : evaluation.kind.replace('wrong', 'refused'),
    ).toBe(outcome);
  });
});
