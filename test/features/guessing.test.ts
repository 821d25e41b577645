import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { type IncomingMessage, request } from 'node:http';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hashPassword } from '../../src/htpasswd-auth/index.js';
import { projectRoot } from '../peers/installed.js';
import { makeFolder, type RunningServer, removeFolder, startServer } from '../peers/server.js';

/**
 * Twelve where the front ends hear from each other in time; on a machine with too much to do each of the three may come to
 * the limit of six by itself.
 */
const mostChecked = 18;

/** With several front ends: each connection may land on another. */
describe('guessing passwords', () => {
  let folder: string;
  let server: RunningServer;

  beforeAll(async () => {
    folder = makeFolder();
    const hash = await hashPassword('secret', { kind: 'bcrypt', cost: 4 });
    const users = ['bob', 'amy', 'carl', 'dora', 'eve'];
    writeFileSync(join(folder, 'htpasswd'), users.map((user) => `${user}:${hash}\n`).join(''));
    writeFileSync(join(folder, 'page'), 'in');
    server = await startServer(
      'modhost',
      `
ServerLimit 3
AliasMatch ^ ${join(folder, 'page')}
AuthThrottleUser 6/120
AuthThrottleAddress 1000/120
AuthThrottleDelay 0
<Location />
    AuthType Basic
    AuthName Private
    AuthUserFile ${folder}/htpasswd
    Require valid-user
</Location>
<Location /script>
    AuthBasicProvider wsgi
    WSGIAuthUserScript ${projectRoot}/test/features/apps/auth.py
</Location>
<Location /narrow>
    AuthThrottleAddress 5/120
</Location>`,
      folder,
    );
  });
  afterAll(async () => {
    await server?.stop();
    removeFolder(folder);
  });

  async function ask(credentials: string, from = '127.0.0.1', path = '/') {
    const { port } = server;
    const sent = request({
      port,
      host: '127.0.0.1',
      path,
      localAddress: from,
      auth: credentials,
      agent: false,
    });
    sent.end();
    const [response] = (await once(sent, 'response')) as [IncomingMessage];
    response.resume();
    return { status: response.statusCode, retryAfter: response.headers['retry-after'] };
  }

  /** One after the other, each over a connection of its own: how many were looked at, and the last answer. */
  async function guess(user: string, count: number, from = '127.0.0.1', path = '/') {
    let checked = 0;
    let last = await ask(`${user}:wrong`, from, path);
    for (let number = 0; number < count; number += 1) {
      last = await ask(`${user}:wrong${number}`, from, path);
      if (last.status === 401) checked += 1;
    }
    return { checked, last };
  }

  /** Until the limit itself is what refuses, not what is under way at the moment. */
  async function guessToTheEnd(user: string, path = '/'): Promise<void> {
    let number = 0;
    const guessOnce = async () => {
      number += 1;
      return Number((await ask(`${user}:more${number}`, '127.0.0.1', path)).retryAfter ?? 0);
    };
    await expect.poll(guessOnce, { timeout: 10_000 }).toBeGreaterThan(60);
  }

  it('ends at the limit, whichever front end is asked, and leaves the user in at an own address', async () => {
    expect((await ask('bob:secret', '127.0.0.9')).status).toBe(200);
    const { checked, last } = await guess('bob', 40);
    expect(checked).toBeGreaterThanOrEqual(3);
    expect(checked).toBeLessThanOrEqual(mostChecked);
    expect(last.status).toBe(429);
    await guessToTheEnd('bob');
    expect(Number((await ask('bob:again')).retryAfter)).toBeLessThanOrEqual(120);
    expect((await ask('bob:wrong', '127.0.0.8')).status).toBe(429);
    expect((await ask('bob:other', '127.0.0.9')).status).toBe(401);
    expect((await ask('bob:secret', '127.0.0.9')).status).toBe(200);
    await server.logged('login throttled: 6 wrong passwords within 120 s for this user (AuthThrottleUser)');
  });

  it('ends at the limit when all come at once', async () => {
    const answers = await Promise.all(Array.from({ length: 150 }, (_, n) => ask(`amy:wrong${n}`)));
    const checked = answers.filter(({ status }) => status === 401).length;
    expect(checked).toBeGreaterThanOrEqual(1);
    expect(checked).toBeLessThanOrEqual(mostChecked);
    for (const { status, retryAfter } of answers) {
      expect([401, 429]).toContain(status);
      expect(retryAfter !== undefined).toBe(status === 429);
    }
  });

  it('ends for users that a script knows, too', async () => {
    const { checked } = await guess('false', 20, '127.0.0.1', '/script/');
    expect(checked).toBeLessThanOrEqual(mostChecked);
    await guessToTheEnd('false', '/script/');
    expect((await ask('true:x', '127.0.0.1', '/script/')).status).toBe(200);
  });

  it('ends for an address that tries many users, and for no other', async () => {
    const answers: (number | undefined)[] = [];
    for (let number = 0; number < 20; number += 1)
      answers.push((await ask(`nobody${number}:x`, '127.0.0.5', '/narrow/')).status);
    expect(answers.filter((status) => status === 401).length).toBeLessThanOrEqual(15);
    expect(answers.at(-1)).toBe(429);
    expect((await ask('dora:wrong', '127.0.0.6', '/narrow/')).status).toBe(401);
    // By their number or, where several front ends have not heard of each other's yet, because they come at once.
    await server.logged('for this client address');
  });

  it('is not forgotten by a reload', async () => {
    await guessToTheEnd('carl');
    const before = server.log().split('resuming normal operations').length;
    server.process.kill('SIGUSR1');
    await expect
      .poll(() => server.log().split('resuming normal operations').length, { timeout: 20_000 })
      .toBe(before + 1);
    expect((await ask('carl:another')).status).toBe(429);
    expect((await ask('dora:secret')).status).toBe(200);
  });

  it('is logged in lines that the documented filter understands', async () => {
    await ask('eve:wrong');
    await server.logged('user eve: authentication failure');
    const filter = readFilter();
    const lines = server.log().split('\n');
    const found = lines.filter((line) => filter.test(line.replace(/^\[[^\]]*\]/, '')));
    const wanted = lines.filter((line) => /AH0161[78]|login throttled/.test(line));
    expect(found).toEqual(wanted);
    expect(found.some((line) => line.includes('login throttled'))).toBe(true);
    expect(found.some((line) => line.includes('AH01618'))).toBe(true);
  });
});

/** fail2ban's filter of docs/auth.md, as fail2ban would have it. */
function readFilter(): RegExp {
  const page = readFileSync(join(projectRoot, 'docs/auth.md'), 'utf8');
  const expression = /^failregex = (.*)$/m.exec(page)?.[1] ?? '(?!)';
  return new RegExp(expression.replace('<ADDR>', String.raw`(?:[\d.]+|\[?[\da-f:]+\]?)`));
}
