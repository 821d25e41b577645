import { describe, expect, it } from 'vitest';
import { hostDaemon } from './hosted-daemon.js';

const hosted = hostDaemon();

let count = 0;
function script(text: string, extension = 'mjs'): string {
  count += 1;
  return hosted.folder.write(`${count}.${extension}`, text);
}

const checkPassword = (file: string) => hosted.frontEnd.call('check_password', file, ['alice', 'secret']);
const groupsForUser = (file: string) => hosted.frontEnd.call('groups_for_user', file, ['alice']);

describe('check_password', () => {
  it.each([
    ['true', { kind: 'true' }],
    ['false', { kind: 'false' }],
    ['null', { kind: 'none' }],
    ['undefined', { kind: 'none' }],
    [`'other'`, { kind: 'text', text: 'other' }],
    [`'caf\u00e9'`, { kind: 'text', text: 'caf\u00e9' }],
    ['Promise.resolve(true)', { kind: 'true' }],
    [`new Promise((r) => setTimeout(r, 2, null))`, { kind: 'none' }],
  ])('%s', async (result, reply) => {
    expect(await checkPassword(script(`export const check_password = () => ${result}`)).reply()).toEqual(
      reply,
    );
  });

  it.each([
    '1',
    '0',
    `''`,
    '{}',
    '[]',
    'new Boolean(true)',
    '5n',
    `'\u20ac'`,
    `'a\\0b'`,
    '() => true',
    'Symbol()',
  ])('%s is an error and never lets anybody in', async (result) => {
    const exchange = checkPassword(script(`export const check_password = () => (${result})`));
    expect(await exchange.reply()).toMatchObject({ kind: 'error' });
    expect(exchange.logs.join('\n')).toContain('check_password returned');
  });

  it.each([
    ['thrown', `throw new Error('no database')`],
    ['rejected', `return Promise.reject(new Error('no database'))`],
    ['thrown elsewhere', `return new Promise(() => setTimeout(() => { throw new Error('no database') }, 1))`],
    ['rejected elsewhere', `Promise.reject(new Error('no database')); return new Promise(() => {})`],
  ])('%s is an error, with the stack in the log', async (title, body) => {
    const exchange = checkPassword(script(`export function checkPassword() { ${body} }`));
    const ending = await exchange.over;
    if (title.endsWith('elsewhere')) expect(ending).toMatchObject({ kind: 'abort', code: 'error' });
    else expect(ending).toMatchObject({ kind: 'reply', reply: { kind: 'error' } });
    expect(exchange.logs.join('\n')).toContain('Error: no database');
  });

  it('is found under both names, in modules of both kinds, and gets its arguments', async () => {
    const text = `(environ, user, password) => environ.REMOTE_ADDR === '127.0.0.1' && environ['wsgi.errors'] && user === 'alice' && password === 'secret' && arguments_ === 3`;
    for (const [body, extension] of [
      [`const arguments_ = 3; export const check_password = ${text}`, 'mjs'],
      [`const arguments_ = 3; export const checkPassword = ${text}`, 'mjs'],
      [`const arguments_ = 3; module.exports = { ...{ checkPassword: ${text} } }`, 'cjs'],
      [
        `const arguments_ = 3; module.exports = (req, res) => {}; module.exports.check_password = ${text}`,
        'cjs',
      ],
    ] as const)
      expect(await checkPassword(script(body, extension)).reply()).toEqual({ kind: 'true' });
  });

  it('sees the bytes that were sent, one character each', async () => {
    const file = script(
      `export const check_password = (e, user, password) => Buffer.from(password, 'latin1').toString('utf8') === 'p\u00e4ss' && user === 'J\u00c3\u00b6rg'`,
    );
    expect(
      await hosted.frontEnd.call('check_password', file, ['J\u00c3\u00b6rg', 'p\u00c3\u00a4ss']).reply(),
    ).toEqual({ kind: 'true' });
  });

  it('prints to the log of its call', async () => {
    const exchange = checkPassword(
      script(
        `export const check_password = (environ) => { console.log('checking'); environ['wsgi.errors'].write('half'); return true }`,
      ),
    );
    await exchange.reply();
    expect(exchange.logs).toEqual(['checking', 'half']);
  });

  it('lives in the module of the application, if script and group are the same', async () => {
    const file = script(
      `let asked = 0; export const check_password = () => { asked += 1; return true }; export default (req, res) => res.end(String(asked))`,
    );
    await checkPassword(file).reply();
    expect((await hosted.frontEnd.request(file).answer()).text).toBe('1');
    expect((await hosted.frontEnd.request(file, { applicationGroup: 'other' }).answer()).text).toBe('0');
  });

  it('that is missing is told as that', async () => {
    const reply = await checkPassword(script(`export const check_password = 'no function'`)).reply();
    expect(reply).toMatchObject({
      kind: 'missing',
      sentence: expect.stringContaining('check_password or checkPassword'),
    });
  });

  it('of a script that cannot be loaded is an error, and tried again', async () => {
    const file = script(
      `if (!globalThis.repaired) { globalThis.repaired = true; throw new Error('import broke') } export const check_password = () => true`,
    );
    const exchange = checkPassword(file);
    expect(await exchange.reply()).toMatchObject({ kind: 'error' });
    expect(exchange.logs.join('\n')).toContain('Error: import broke');
    expect(await checkPassword(file).reply()).toEqual({ kind: 'true' });
  });

  it('whose answer nobody wants any more goes on quietly', async () => {
    const exchange = checkPassword(
      script(
        `export const check_password = async () => { await new Promise((r) => { globalThis.answerNow = r }); return true }`,
      ),
    );
    await hosted.frontEnd
      .request(
        script(
          `export default async (req, res) => { while (!globalThis.answerNow) await new Promise((r) => setImmediate(r)); res.end() }`,
        ),
      )
      .answer();
    exchange.abort('cancel');
    await hosted.frontEnd
      .request(
        script(`export default (req, res) => { globalThis.answerNow(); setImmediate(() => res.end()) }`),
      )
      .answer();
    expect(await hosted.frontEnd.ping('alive')).toBe('alive');
  });
});

describe('groups_for_user', () => {
  it.each([
    [`['a', 'b']`, ['a', 'b']],
    [`[]`, []],
    [`new Set(['staff'])`, ['staff']],
    [`(function* () { yield 'x'; yield Buffer.from('y') })()`, ['x', 'y']],
    [`Promise.resolve(['later'])`, ['later']],
  ])('%s', async (result, texts) => {
    expect(await groupsForUser(script(`export const groupsForUser = () => ${result}`)).reply()).toEqual({
      kind: 'list',
      texts,
    });
  });

  it.each([
    `'staff'`,
    'null',
    'undefined',
    '5',
    '{}',
    '[5]',
    `['']`,
    `['a\\0b']`,
    `['\u20ac']`,
    `Buffer.from('staff')`,
  ])('%s is an error', async (result) => {
    expect(
      await groupsForUser(script(`export const groups_for_user = () => (${result})`)).reply(),
    ).toMatchObject({ kind: 'error' });
  });

  it('that raises while it is iterated is an error', async () => {
    const reply = await groupsForUser(
      script(`export function* groups_for_user() { yield 'a'; throw new Error('x') }`),
    ).reply();
    expect(reply).toMatchObject({ kind: 'error' });
  });
});

describe('get_realm_hash', () => {
  const getRealmHash = (file: string) => hosted.frontEnd.call('get_realm_hash', file, ['alice', 'area']);

  it.each([
    [`[user, realm].join(' ')`, { kind: 'text', text: 'alice area' }],
    [`Promise.resolve('0123')`, { kind: 'text', text: '0123' }],
    [`Buffer.from('0123')`, { kind: 'text', text: '0123' }],
    ['null', { kind: 'none' }],
    ['undefined', { kind: 'none' }],
  ])('%s', async (result, reply) => {
    const file = script(`export const getRealmHash = (environ, user, realm) => ${result}`);
    expect(await getRealmHash(file).reply()).toEqual(reply);
  });

  it.each(['true', 'false', `''`, '0', '{}', `['a']`, `'a\\0'`])('%s is an error', async (result) => {
    const file = script(`export const get_realm_hash = () => (${result})`);
    expect(await getRealmHash(file).reply()).toMatchObject({ kind: 'error' });
  });
});

describe('allow_access', () => {
  const allowAccess = (file: string) => hosted.frontEnd.call('allow_access', file, ['192.0.2.1']);

  it.each([
    [`host === '192.0.2.1'`, { kind: 'true' }],
    ['false', { kind: 'false' }],
    ['null', { kind: 'none' }],
    ['undefined', { kind: 'none' }],
    ['Promise.resolve(false)', { kind: 'false' }],
  ])('%s', async (result, reply) => {
    const file = script(`export const allowAccess = (environ, host) => ${result}`);
    expect(await allowAccess(file).reply()).toEqual(reply);
  });

  it.each([`'yes'`, '1', '0', `''`, '{}', '[]'])('%s is an error', async (result) => {
    const file = script(`export const allow_access = () => (${result})`);
    expect(await allowAccess(file).reply()).toMatchObject({ kind: 'error' });
  });
});
