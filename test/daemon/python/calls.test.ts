import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { app, DaemonProcess, endAll, type FrontEnd } from './daemon-process.js';

let daemon: DaemonProcess;
let frontEnd: FrontEnd;
const script = app('auth.py');

beforeAll(async () => {
  daemon = await DaemonProcess.start();
  frontEnd = await daemon.connect();
});

afterAll(async () => {
  await daemon.drain();
  await endAll();
});

describe('check_password', () => {
  const answers: [string, unknown][] = [
    ['True', { kind: 'true' }],
    ['False', { kind: 'false' }],
    ['None', { kind: 'none' }],
    ["'other'", { kind: 'text', text: 'other' }],
    ["'\\xe9'", { kind: 'text', text: '\xe9' }],
    ["Named('itself')", { kind: 'text', text: 'itself' }],
  ];
  it.each(answers)('returns %s', async (expression, reply) => {
    const exchange = await frontEnd.call(script, { arguments: [`eval ${expression}`, 'secret'] });
    expect(exchange.reply).toEqual(reply);
  });

  it.each([
    "''",
    '1',
    '0',
    "b'bytes'",
    '[]',
    '[True]',
    'object()',
    '1.0',
    "'a\\x00b'",
    "'a\\nb'",
    "'\\u20ac'",
    'Pretender()',
    'True + 0',
  ])('is an error when it returns %s', async (expression) => {
    const exchange = await frontEnd.call(script, { arguments: [`eval ${expression}`, 'secret'] });
    expect(exchange.reply?.kind).toBe('error');
    expect(exchange.logs.length).toBeGreaterThan(1);
  });

  it('is an error when it raises, with a traceback in the log', async () => {
    const exchange = await frontEnd.call(script, { arguments: ['raise', 'x'] });
    expect(exchange.reply).toEqual({ kind: 'error', sentence: expect.stringContaining('raised ValueError') });
    expect(exchange.logText).toContain('ValueError: no answer');
    expect(exchange.logText).not.toContain('modhost_daemon');
  });

  it('is an error when it exits', async () => {
    expect((await frontEnd.call(script, { arguments: ['exit', 'x'] })).reply?.kind).toBe('error');
  });

  it('is an error when it is called with too few arguments', async () => {
    expect((await frontEnd.call(script, { arguments: ['only a user'] })).reply?.kind).toBe('error');
  });

  it('is given the environ and bytes as they are', async () => {
    const exchange = await frontEnd.call(script, {
      arguments: ['environ', ''],
      environ: ['REMOTE_ADDR', '::1', 'DOCUMENT_ROOT', '/srv/\xc3\xa9'],
    });
    expect(exchange.reply).toEqual({
      kind: 'text',
      text: "DOCUMENT_ROOT='/srv/\xe9';REMOTE_ADDR='::1';apache.version=(2, 4, 0);mod_wsgi.version=(6, 0, 0)",
    });
    expect(exchange.logText).toContain('asked for environ');
    expect((await frontEnd.call(script, { arguments: ['password', 'p\xc3\xa9ss'] })).reply).toEqual({
      kind: 'true',
    });
    expect((await frontEnd.call(script, { arguments: ['password', 'pess'] })).reply).toEqual({
      kind: 'false',
    });
  });
});

describe('groups_for_user', () => {
  const answers: [string, string[]][] = [
    ["['a', 'b']", ['a', 'b']],
    ["('a', b'b\\xff')", ['a', 'b\xff']],
    ['[]', []],
    ["['']", ['']],
    ["'ab'", ['a', 'b']],
    ["''", []],
    ["{'x': 1}", ['x']],
    ['generator', ['a', 'b']],
  ];
  it.each(answers)('returns %s', async (user, texts) => {
    const exchange = await frontEnd.call(script, { functionName: 'groups_for_user', arguments: [user] });
    expect(exchange.reply).toEqual({ kind: 'list', texts });
  });

  it.each([
    'None',
    '1',
    'True',
    '[1]',
    '[None]',
    "['\\u20ac']",
    "['a\\x00b']",
    "['g' * 2000000]",
    "b'ab'",
    'raise',
  ])('is an error when it returns %s', async (user) => {
    const exchange = await frontEnd.call(script, { functionName: 'groups_for_user', arguments: [user] });
    expect(exchange.reply?.kind).toBe('error');
    expect(exchange.logs.length).toBeGreaterThan(0);
  });
});

describe('get_realm_hash', () => {
  const ask = async (user: string) =>
    await frontEnd.call(script, { functionName: 'get_realm_hash', arguments: [user, 'area'] });

  it.each<[string, unknown]>([
    ['realm', { kind: 'text', text: 'realm:area' }],
    ["'0123'", { kind: 'text', text: '0123' }],
    ["b'0123'", { kind: 'text', text: '0123' }],
    ['None', { kind: 'none' }],
  ])('returns %s', async (user, reply) => {
    expect((await ask(user)).reply).toEqual(reply);
  });

  it.each(['True', 'False', '1', "''", "b''", '[]', "'\\u20ac'", "'a\\x00'", 'Pretender()'])(
    'is an error when it returns %s',
    async (user) => {
      const exchange = await ask(user);
      expect(exchange.reply?.kind).toBe('error');
      expect(exchange.logs.length).toBeGreaterThan(0);
    },
  );
});

describe('allow_access', () => {
  const ask = async (host: string) =>
    await frontEnd.call(script, { functionName: 'allow_access', arguments: [host] });

  it.each<[string, unknown]>([
    ['True', { kind: 'true' }],
    ['False', { kind: 'false' }],
    ['None', { kind: 'none' }],
  ])('returns %s', async (host, reply) => {
    expect((await ask(host)).reply).toEqual(reply);
  });

  it.each(['1', '0', "'yes'", "''", '[]', 'raise'])('is an error when it returns %s', async (host) => {
    const exchange = await ask(host);
    expect(exchange.reply?.kind).toBe('error');
    expect(exchange.logs.length).toBeGreaterThan(0);
  });
});

describe('a script', () => {
  it('without the function is missing it', async () => {
    const exchange = await frontEnd.call(app('cases.py'));
    expect(exchange.reply).toEqual({ kind: 'missing', sentence: expect.stringContaining('check_password') });
  });

  it('that cannot be loaded is an error', async () => {
    for (const name of ['broken-syntax.wsgi', 'raises.py', 'not-there.py']) {
      const exchange = await frontEnd.call(app(name));
      expect(exchange.reply?.kind).toBe('error');
      expect(exchange.logs.length).toBeGreaterThan(0);
    }
  });

  it('is the same module object as the application of its group', async () => {
    const users = app('application-with-users.py');
    expect((await frontEnd.get(users)).body).toBe('requests 1 calls 0');
    expect((await frontEnd.call(users)).reply).toEqual({ kind: 'true' });
    expect((await frontEnd.call(users, { applicationGroup: 'other' })).reply).toEqual({ kind: 'true' });
    expect((await frontEnd.get(users)).body).toBe('requests 2 calls 1');
  });
});
