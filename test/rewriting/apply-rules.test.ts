import { describe, expect, it } from 'vitest';
import { translatePattern } from '../../src/matching/index.js';
import {
  applyRules,
  createTemplateNotes,
  joinQuery,
  parseConditionFlags,
  parseConditionTest,
  parseFlags,
  parseTemplate,
  type RewriteCondition,
  type RewriteOutcome,
  type RewriteRule,
  type RewriteSubject,
  splitRuleWords,
} from '../../src/rewriting/index.js';

const headers: Readonly<Record<string, string>> = {
  host: 'one.example',
  'x-test': 'yes',
  'user-agent': 'me',
};

const subject: RewriteSubject = {
  variable: (name) => (name === 'REQUEST_URI' ? '/asked' : name === 'HTTPS' ? 'off' : undefined),
  requestHeader: (name) => headers[name.toLowerCase()],
  environment: (name) => (name === 'SET' ? 'before' : undefined),
  tlsVariable: () => undefined,
  origin: () => 'http://one.example',
  isOwnUrl: (_, host, port) => host === 'own.example' && port === 8080,
  toUrlPath: (name) => (name.startsWith('/srv/www/') ? name.slice('/srv/www'.length) : name),
  map: (name) => (name === 'up' ? { kind: 'internal', name: 'toupper' } : undefined),
  evaluate: () => ({ kind: 'settled', holds: true, groups: [] }),
  lookAhead: (_, path) =>
    path === '/unknown' ? undefined : { isReachable: path === '/open', variable: () => 'alice' },
};

/** Lines of a site file; RewriteRule and RewriteCond without their first seven letters. */
function readRules(lines: readonly string[]): RewriteRule[] {
  const rules: RewriteRule[] = [];
  let conditions: RewriteCondition[] = [];
  for (const [at, line] of lines.entries()) {
    const [name = '', first = '', second = '', flagWord = '[]'] = splitRuleWords(line);
    if (name === 'Cond') {
      const flags = parseConditionFlags(flagWord);
      if (flags.kind === 'wrong') throw new Error(flags.message);
      const test = parseConditionTest(second, flags.caseless);
      if (test.kind === 'wrong') throw new Error(test.message);
      const template = parseTemplate(first, createTemplateNotes());
      conditions.push({ ...flags, ...test, subject: template, text: second });
      continue;
    }
    const flags = parseFlags(flagWord, createTemplateNotes());
    if (flags.kind === 'wrong') throw new Error(flags.message);
    const negated = first.startsWith('!');
    const pattern = translatePattern((flags.caseless ? '(?i)' : '') + (negated ? first.slice(1) : first));
    if (pattern.kind === 'wrong') throw new Error(pattern.message);
    const template = parseTemplate(second, createTemplateNotes());
    const [start] = template;
    rules.push({
      pattern: pattern.pattern,
      negated,
      text: `${first} ${second}`,
      conditions,
      ...(second === '-'
        ? {}
        : {
            substitution: {
              template,
              hasQuestionMark: second.includes('?'),
              literalStart: start?.kind === 'literal' ? start.text : '',
            },
          }),
      flags: flags.flags,
      position: { file: 'site.conf', line: at + 1 },
    });
    conditions = [];
  }
  return rules;
}

interface Asked {
  readonly directory?: string;
  readonly pathInfo?: string;
  readonly query?: string;
  readonly isSubrequest?: boolean;
}

function run(lines: readonly string[], name: string, asked: Asked = {}): RewriteOutcome {
  const { directory = '', pathInfo = '', query = '', isSubrequest = false } = asked;
  return applyRules({ directory, rules: readRules(lines) }, { name, pathInfo, query, isSubrequest }, subject);
}

/** `301 http://…?query`, `/path?query`, `403`, `-` (nothing changed), `500 reason`. */
function tell(outcome: RewriteOutcome): string {
  switch (outcome.kind) {
    case 'status':
      return String(outcome.status);
    case 'fault':
      return `${outcome.status} ${outcome.reason}`;
    case 'look-ahead':
      return `look at ${outcome.path}`;
    case 'unchanged':
      return '-';
    default: {
      const query = joinQuery(outcome.query);
      const target = outcome.target + (query === '' ? '' : `?${query}`);
      return outcome.kind === 'redirect' ? `${outcome.status} ${target}` : target;
    }
  }
}

describe('rules of a server', () => {
  it.each<[rules: string[], path: string, told: string, asked?: Asked]>([
    [['Rule ^/a$ /b'], '/a', '/b'],
    [['Rule ^/a$ /b'], '/x', '-'],
    [['Rule ^/a$ b'], '/a', '/b'],
    [['Rule !^/a$ /b'], '/x', '/b'],
    [['Rule ^/A$ /b [NC]'], '/a', '/b'],
    [['Rule ^/(.)(.) /$2$1$0'], '/ab', '/ba/ab'],
    [['Rule ^/a - [F]'], '/a', '403'],
    [['Rule ^/a - [G]'], '/a', '410'],
    [['Rule ^/a /x [R=404]'], '/a', '404'],
    [['Rule ^/a /b [R]'], '/a', '302 http://one.example/b'],
    [['Rule ^/a /b [R=permanent]'], '/a', '301 http://one.example/b'],
    [['Rule ^/a https://x/b [R=307]'], '/a', '307 https://x/b'],
    [['Rule ^/a https://x/b'], '/a', '302 https://x/b'],
    [['Rule ^/a http://own.example:8080/b'], '/a', '/b'],
    [['Rule ^/a http://own.example:8080/b [R]'], '/a', '302 http://own.example:8080/b'],
    [['Rule ^/a foo://x/b'], '/a', '/foo://x/b'],
    // R does not end the rules.
    [['Rule ^/a /b [R]', 'Rule ^http: /c'], '/a', '/c'],
    [['Rule ^/a /b [R,L]', 'Rule ^http: /c'], '/a', '302 http://one.example/b'],
    // Queries
    [['Rule ^/a /b'], '/a', '/b?q=1', { query: 'q=1' }],
    [['Rule ^/a /b?x=2'], '/a', '/b?x=2', { query: 'q=1' }],
    [['Rule ^/a /b?x=2 [QSA]'], '/a', '/b?x=2&q=1', { query: 'q=1' }],
    [['Rule ^/a /b?'], '/a', '/b', { query: 'q=1' }],
    [['Rule ^/a /b [QSD]'], '/a', '/b', { query: 'q=1' }],
    [['Rule ^/a /b?c?d [QSL]'], '/a', '/b?c?d'],
    [
      ['Rule ^/a/(.*) /b?x=$1'],
      '/a/1 2',
      '403 the rewritten query holds blanks or control characters (flag B)',
    ],
    [['Rule ^/a/(.*) /b?x=$1 [B]'], '/a/1 &2', '/b?x=1+%262'],
    [['Rule ^/a/(.*) /b?x=$1 [B,BNP]'], '/a/1 2', '/b?x=1%202'],
    [['Rule ^/a/(.*) /b?x=$1 [BCTLS]'], '/a/1 &2', '/b?x=1+&2'],
    [['Rule ^/a/(.*) /b?x=$1 [B,BNE=&]'], '/a/1&=2', '/b?x=1&%3d2'],
    // A question mark that a client hides
    [
      ['Rule ^/a(.*) /b$1'],
      '/a?x',
      '403 what is put in would begin the query with a question mark of its own (UnsafeAllow3F)',
    ],
    [['Rule ^/a(.*) /b$1 [UnsafeAllow3F]'], '/a?x', '/b?x'],
    // The order of rules
    [['Rule ^/a /b', 'Rule ^/b /c'], '/a', '/c'],
    [['Rule ^/a /b [L]', 'Rule ^/b /c'], '/a', '/b'],
    [['Rule ^/a /b [END]', 'Rule ^/b /c'], '/a', '/b'],
    [['Rule ^/a /b [PT]', 'Rule ^/b /c'], '/a', '/b'],
    [['Rule ^/a /b [S=1]', 'Rule ^/b /c', 'Rule ^/b /d'], '/a', '/d'],
    [['Rule ^/x - [C]', 'Rule ^/a /b', 'Rule ^/a /c'], '/a', '/c'],
    [['Rule ^/a - [C]', 'Rule ^/a /b'], '/a', '/b'],
    [['Rule ^(.*)_(.*)$ $1-$2 [N]'], '/a_b_c', '/a-b-c'],
    [['Rule ^/a /b [NS]'], '/a', '-', { isSubrequest: true }],
    // What is put in
    [
      ['Rule ^/a /%{REQUEST_URI}|%{HTTP_HOST}|%{HTTP:X-Test}|%{ENV:SET}|%{NOSUCH}'],
      '/a',
      '//asked|one.example|yes|before|',
    ],
    // biome-ignore lint/suspicious/noTemplateCurlyInString: the syntax of maps
    [['Rule ^/(a) /${up:$1}|${no:x|y}|\\$1|\\%{HTTPS}'], '/a', '/A|y|$1|%{HTTPS}'],
    [['Rule ^/a - [E=SET:new]', 'Rule ^/a /%{ENV:SET}'], '/a', '/new'],
    [['Rule ^/a - [E=!SET]', 'Rule ^/a /x%{ENV:SET}'], '/a', '/x'],
    [['Rule ^/a /%{LA-U:REMOTE_USER}'], '/a', '/alice'],
    [['Rule ^/unknown /%{LA-U:REMOTE_USER}'], '/unknown', 'look at /unknown'],
    // Conditions
    [['Cond %{HTTP:X-Test} ^(y)es$', 'Rule ^/(a) /%1$1'], '/a', '/ya'],
    [['Cond %{HTTP:X-Test} !^y', 'Rule ^/a /b'], '/a', '-'],
    [['Cond %{HTTP:X-Test} =no [OR]', 'Cond %{HTTP:X-Test} =yes', 'Rule ^/a /b'], '/a', '/b'],
    [['Cond %{HTTP:X-Test} =yes [OR]', 'Cond x =no', 'Cond x =y', 'Rule ^/a /b'], '/a', '-'],
    [['Cond %{HTTP:X-Test} =YES [NC]', 'Rule ^/a /b'], '/a', '/b'],
    [['Cond 10 -gt9', 'Cond 10 >9', 'Cond aa >b', 'Rule ^/a /b'], '/a', '/b'],
    [['Cond / -d', 'Cond /nowhere !-f', 'Rule ^/a /b'], '/a', '/b'],
    [['Cond /open -U', 'Cond /shut !-U', 'Rule ^/a /b'], '/a', '/b'],
    [['Cond $1-x ^(b)-x$', 'Rule ^/a/(.) /%1%0'], '/a/b', '/bb-x'],
  ])('%j make of %s: %s', (rules, path, told, asked) => {
    expect(tell(run(rules, path, asked))).toBe(told);
  });

  it('give up when they do not come to an end', () => {
    expect(tell(run(['Rule ^/a(.*) /a$1x [N=5]'], '/a'))).toMatch(/^500 .*maximum number of rounds \(5\)/);
    expect(tell(run(['Rule ^/a /a$0$0$0$0$0$0$0$0$0$0 [N]'], '/aaaaaaaaaaaa'))).toMatch(/^500 /);
  });

  it('tell which headers the answer depends on', () => {
    const vary = (...rules: string[]) => {
      const outcome = run(rules, '/a');
      return 'effects' in outcome ? outcome.effects.vary : undefined;
    };
    expect(vary('Cond %{HTTP:X-Test} yes', 'Rule ^/a /b')).toEqual(['X-Test']);
    expect(vary('Cond %{HTTP:X-Test} yes [NV]', 'Rule ^/a /b')).toEqual([]);
    expect(vary('Cond %{HTTP:X-Test} no', 'Rule ^/a /b')).toEqual([]);
    expect(vary('Cond %{HTTP_USER_AGENT} me', 'Rule ^/a /b')).toEqual(['User-Agent']);
  });

  it('make cookies, and none with a line of its own', () => {
    const cookies = (rule: string, path = '/a') => {
      const outcome = run([rule], path);
      return 'effects' in outcome ? outcome.effects.cookies : undefined;
    };
    expect(cookies('Rule ^/a - [CO=n:v:.x.example:0:/p:secure:httponly:lax]')).toEqual([
      'n=v; path=/p; domain=.x.example; secure; HttpOnly; SameSite=lax',
    ]);
    expect(cookies('Rule ^/a(.*) - [CO=n:$1:.x.example]', '/a\r\nX: y')).toEqual([]);
  });

  it('name files outside the document root only where the rule itself does', () => {
    const may = (rule: string, path: string) => {
      const outcome = run([rule], path);
      return outcome.kind === 'rewritten' && outcome.mayBeginWith('/etc');
    };
    expect(may('Rule ^/a(.*) /etc$1', '/a/passwd')).toBe(true);
    expect(may('Rule ^/a(.*) $1', '/a/etc/passwd')).toBe(false);
    expect(may('Rule ^/a(.*) /$1', '/aetc/passwd')).toBe(false);
    expect(may('Rule ^/a(.*) $1 [UnsafePrefixStat]', '/a/etc/passwd')).toBe(true);
  });
});

it.each([
  ['Cond %{HTTP_COOKIE} .'],
  ['Cond x%{HTTP:Authorization} .'],
  ['Cond %{ENV:DB_PASSWORD} .'],
  ['Cond @{up:%{HTTP:X-Token}} .'],
  ['Cond @{up:x|%{HTTP_COOKIE}} .'],
  ['Rule ^ /x%{HTTP_COOKIE}'],
])('what nobody should read is not traced: %s', (written) => {
  // With @ for the dollar sign, or it looks like a template.
  const line = written.replace('@', '$');
  const lines = line.startsWith('Cond') ? [line, 'Rule ^ -'] : [line];
  const traced: string[] = [];
  const request = { name: '/a', pathInfo: '', query: '', isSubrequest: false };
  const outcome = applyRules({ directory: '', rules: readRules(lines) }, request, {
    ...subject,
    requestHeader: () => 'hunter2',
    environment: () => 'hunter2',
    trace: (_level, text) => traced.push(text),
  });
  expect(traced.join()).toContain("***'");
  expect(`${traced.join()} ${JSON.stringify('effects' in outcome && outcome.effects.matched)}`).not.toMatch(
    /hunter2/i,
  );
});

it.each([
  [
    'what a rule made is the text of the next',
    ['Rule ^ /%{HTTP_COOKIE}', 'Rule ^/(.*) /three/$1', 'Rule ^ - [F]'],
  ],
  ['a condition caught it', ['Cond %{HTTP:Cookie} (.*)', 'Rule ^ /four?x=%1', 'Rule (.*) -']],
  [
    'a condition looks at what one before it caught',
    ['Cond %{HTTP:Cookie} (.*)', 'Cond %1 (.*)', 'Rule ^ /%1'],
  ],
  ['as the key of a map', ['Cond %{HTTP:Cookie} (.*)', 'Rule ^ @{up:%1}', 'Rule ^ /y']],
  [
    'a variable holds it',
    ['Cond %{HTTP:Cookie} (.*)', 'Rule ^ - [E=A:%1]', 'Cond %{ENV:a} .', 'Rule ^ /%{ENV:A}'],
  ],
])('nor what becomes of it: %s', (_, written) => {
  const lines = written.map((line) => line.replace('@', '$'));
  const traced: string[] = [];
  const request = { name: '/a', pathInfo: '', query: '', isSubrequest: false };
  const outcome = applyRules({ directory: '', rules: readRules(lines) }, request, {
    ...subject,
    requestHeader: () => 'hunter2',
    trace: (_level, text) => traced.push(text),
  });
  expect(traced.join()).toContain("-> '***'");
  expect(`${traced.join()} ${JSON.stringify('effects' in outcome && outcome.effects.matched)}`).not.toMatch(
    /hunter2/i,
  );
});

it('nor what earlier rules made of it', () => {
  const traced: string[] = [];
  const request = { name: '/hunter2', pathInfo: '', query: '', isSubrequest: false, holdsSecret: true };
  const trace = (_level: number, text: string) => traced.push(text);
  applyRules({ directory: '', rules: readRules(['Rule (.*) -']) }, request, { ...subject, trace });
  expect(traced).toEqual(["applying pattern '(.*) -' to uri '***'", "no change by '(.*) -'"]);
});

it('a condition on cookies does not hide what has nothing of them', () => {
  const traced: string[] = [];
  const request = { name: '/a', pathInfo: '', query: '', isSubrequest: false };
  const rules = readRules(['Cond %{HTTP:Cookie} (.*)', 'Rule ^/(.) /b/$1', 'Rule ^ -']);
  applyRules({ directory: '', rules }, request, {
    ...subject,
    requestHeader: () => 'hunter2',
    trace: (_level, text) => traced.push(text),
  });
  expect(traced).toContain("rewrite '/a' -> '/b/a'");
  expect(traced).toContain("applying pattern '^ -' to uri '/b/a'");
});

it('everything else is traced as it is', () => {
  const traced: string[] = [];
  const request = { name: '/a', pathInfo: '', query: '', isSubrequest: false };
  const trace = (_level: number, text: string) => traced.push(text);
  const rules = readRules(['Cond %{HTTP:X-Test} y', 'Rule ^/(.) /b/$1']);
  applyRules({ directory: '', rules }, request, { ...subject, trace });
  expect(traced.join()).toContain("input='yes'");
  expect(traced.join()).toContain("rewrite '/a' -> '/b/a'");
});

describe('rules of a directory', () => {
  const directory = '/srv/www/d/';

  it.each<[rules: string[], name: string, told: string, asked?: Asked]>([
    [['Rule ^x$ y'], '/srv/www/d/x', '/srv/www/d/y'],
    [['Rule ^x$ /y'], '/srv/www/d/x', '/y'],
    [['Rule ^x$ y [R]'], '/srv/www/d/x', '302 http://one.example/d/y'],
    [['Rule ^$ y'], '/srv/www/d/', '/srv/www/d/y'],
    [['Rule ^(.*)$ app.wsgi/$1'], '/srv/www/d/x', '/srv/www/d/app.wsgi/x/y', { pathInfo: '/y' }],
    [['Rule ^x/y$ z', 'Rule ^z/y$ w'], '/srv/www/d/x', '/srv/www/d/w', { pathInfo: '/y' }],
    [['Rule ^x/y$ z [DPI]', 'Rule ^z$ w'], '/srv/www/d/x', '/srv/www/d/w', { pathInfo: '/y' }],
    [['Rule . /%{REQUEST_FILENAME}|%{PATH_INFO}'], '/srv/www/d/x', '//srv/www/d/x|/y', { pathInfo: '/y' }],
    [['Rule ^/elsewhere/ /y'], '/elsewhere/x', '/y'],
  ])('%j make of %s: %s', (rules, name, told, asked) => {
    expect(tell(run(rules, name, { directory, ...asked }))).toBe(told);
  });
});
