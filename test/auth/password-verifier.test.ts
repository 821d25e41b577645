import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createFairLine } from '../../src/auth/fair-line.js';
import { createAuthorizer, createProviders, createSchemes } from '../../src/auth/index.js';
import { type Claim, createPasswordVerifier } from '../../src/auth/password-verifier.js';
import { GateFull, hashPassword, verifyPassword } from '../../src/htpasswd-auth/index.js';
import { reasonOf, request, summarise, unaskedPorts, validUser } from './requests.js';

vi.mock(import('../../src/htpasswd-auth/index.js'), async (original) => {
  const room = await original();
  return { ...room, verifyPassword: vi.fn(room.verifyPassword) };
});

const computed = vi.mocked(verifyPassword);
const sha1OfSecret = '{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ=';
const claim = { file: '/htpasswd', user: 'bob', password: 'secret', hash: sha1OfSecret };

const place = { client: '192.0.2.7', user: 'bob', isKnown: false };

/** One that is asked from the same place each time. */
function createVerifier(now?: () => number) {
  const { verify, spendTime } = createPasswordVerifier(undefined, now);
  return {
    verify: (asked: Claim) => verify(asked, place),
    spendTime: (asked: Claim) => spendTime(asked, place),
  };
}

beforeEach(() => computed.mockClear());
afterEach(() => vi.restoreAllMocks());

describe('a password verifier', () => {
  it('computes a right claim once in five minutes', async () => {
    let nowMs = 1000;
    const { verify } = createVerifier(() => nowMs);
    expect(await verify(claim)).toBe(true);
    nowMs += 299_999;
    expect(await verify(claim)).toBe(true);
    expect(computed).toHaveBeenCalledTimes(1);
    nowMs += 2;
    expect(await verify(claim)).toBe(true);
    expect(computed).toHaveBeenCalledTimes(2);
  });

  it('is not taken in by a claim that differs in anything', async () => {
    const { verify } = createVerifier();
    await verify(claim);
    computed.mockClear();
    for (const other of [{ file: '/x' }, { user: 'amy' }, { password: 'other' }, { hash: 'abNANd1rDfiNc' }])
      await verify({ ...claim, ...other });
    expect(computed).toHaveBeenCalledTimes(4);
    expect(await verify({ ...claim, password: 'other' })).toBe(false);
    expect(await verify({ ...claim, user: 'b', password: 'obsecret' })).toBe(false);
  });

  it('computes a wrong claim once in half a minute', async () => {
    let nowMs = 1000;
    const { verify } = createVerifier(() => nowMs);
    const wrong = { ...claim, password: 'wrong' };
    for (let round = 0; round < 3; round += 1) expect(await verify(wrong)).toBe(false);
    expect(computed).toHaveBeenCalledTimes(1);
    expect(await verify({ ...wrong, hash: 'abNANd1rDfiNc' })).toBe(false);
    nowMs += 30_000;
    expect(await verify(wrong)).toBe(false);
    expect(computed).toHaveBeenCalledTimes(3);
  });

  it('computes as often for users that do not exist, whether or not the claim is right', async () => {
    for (const password of ['secret', 'wrong']) {
      computed.mockClear();
      let nowMs = 1000;
      const { spendTime, verify } = createVerifier(() => nowMs);
      const asked = { ...claim, password };
      for (let round = 0; round < 3; round += 1) expect(await spendTime(asked)).toBeUndefined();
      expect(computed).toHaveBeenCalledTimes(1);
      nowMs += 30_000;
      await spendTime(asked);
      expect(computed).toHaveBeenCalledTimes(2);
      // What was spent is no answer.
      expect(await verify(asked)).toBe(password === 'secret');
    }
  });

  it('computes equal claims that come at the same time once', async () => {
    const { verify } = createVerifier();
    const wrong = { ...claim, password: 'wrong' };
    const answers = await Promise.all([claim, wrong, claim, wrong, claim].map(verify));
    expect(answers).toEqual([true, false, true, false, true]);
    expect(computed).toHaveBeenCalledTimes(2);
  });

  it('does not remember a fault', async () => {
    const { verify } = createVerifier();
    computed.mockRejectedValueOnce(new GateFull('too many'));
    await expect(Promise.all([verify(claim), verify(claim)])).rejects.toThrow(GateFull);
    expect(await verify(claim)).toBe(true);
  });

  it('remembers a bounded number', async () => {
    const { verify } = createVerifier();
    const claimOf = (number: number) => ({ ...claim, user: `user${number}` });
    for (let number = 0; number < 4097; number += 1) await verify(claimOf(number));
    computed.mockClear();
    await verify(claimOf(4096));
    await verify(claimOf(1));
    expect(computed).toHaveBeenCalledTimes(0);
    await verify(claimOf(0));
    expect(computed).toHaveBeenCalledTimes(1);
  });
});

describe('what a failed login costs', () => {
  const folder = mkdtempSync(join(tmpdir(), 'modhost-cost-'));
  const authUserFile = join(folder, 'htpasswd');
  const settings = { require: validUser, authType: 'Basic', authName: 'x', authUserFile };
  afterAll(() => rmSync(folder, { recursive: true }));

  async function writeUsers(): Promise<string> {
    const hash = await hashPassword('secret', { kind: 'bcrypt', cost: 8 });
    const other = await hashPassword('secret', { kind: 'bcrypt', cost: 4 });
    writeFileSync(authUserFile, `odd:${other}\nbob:${hash}\namy:${hash}\nplain:text\n`);
    return hash;
  }

  it('is the same work for an unknown user, a wrong password and an unusable entry', async () => {
    const usual = await writeUsers();
    const { decide } = createAuthorizer(unaskedPorts);
    for (const name of ['bob', 'carl', 'plain']) {
      computed.mockClear();
      expect(summarise(await decide(request({ credentials: `${name}:wrong` }), settings))).toBe('401');
      expect(computed.mock.calls).toEqual([['wrong', usual]]);
    }
  });

  it('does not let an unknown user in with the password of another', async () => {
    await writeUsers();
    const { decide } = createAuthorizer(unaskedPorts);
    for (let round = 0; round < 2; round += 1)
      for (const name of ['carl', 'plain'])
        expect(summarise(await decide(request({ credentials: `${name}:secret` }), settings))).toBe('401');
    expect(computed).toHaveBeenCalledTimes(2);
  });

  it('is the same time', async () => {
    await writeUsers();
    const { decide } = createAuthorizer(unaskedPorts);
    const unthrottled = { ...settings, authThrottle: { enabled: false } };
    let guesses = 0;
    const timesOf = async (name: string) => {
      const times: number[] = [];
      for (let round = 0; round < 7; round += 1) {
        const start = performance.now();
        guesses += 1;
        await decide(request({ credentials: `${name}:wrong${guesses}` }), unthrottled);
        times.push(performance.now() - start);
      }
      return times.sort((a, b) => a - b)[3] ?? Number.NaN;
    };
    await timesOf('bob');
    const ratio = (await timesOf('carl')) / (await timesOf('bob'));
    // A check of this cost takes about 20 ms; without it the answer comes in less than one.
    expect(ratio).toBeGreaterThan(0.25);
    expect(ratio).toBeLessThan(4);
  });

  it('is an overload for all of them when too many checks wait', async () => {
    await writeUsers();
    const full = createFairLine({
      tasks: 'password checks',
      atOnce: 0,
      waiting: 0,
      waitingPerClient: 1,
      patienceMs: 1,
    });
    const schemes = createSchemes({
      ports: unaskedPorts,
      providers: createProviders(unaskedPorts, createPasswordVerifier(full)),
    });
    for (const name of ['bob', 'carl', 'plain']) {
      const { decide } = createAuthorizer(unaskedPorts, schemes);
      const verdict = await decide(request({ credentials: `${name}:wrong` }), settings);
      expect(verdict).toMatchObject({ status: 503, retryAfterSeconds: 2 });
      expect(reasonOf(verdict)).toBe(
        'auth_throttle:warn login refused: too many password checks are waiting',
      );
    }
  });
});
