import { describe, expect, it, vi } from 'vitest';
import type { Place } from '../../src/auth/fair-line.js';
import type { LoginNews } from '../../src/auth/index.js';
import { createLoginGuard, type LoginGuard } from '../../src/auth/login-guard.js';
import type { Attempt, Authentication } from '../../src/auth/scheme.js';
import type { AuthThrottle, DirectorySettings } from '../../src/config/model.js';
import { request } from './requests.js';

const right = 'secret';
const limit = { failures: 3, seconds: 60 };
const throttle: AuthThrottle = { user: limit, address: { failures: 5, seconds: 60 }, delayMs: 0 };

/** Clocks, news and what was asked of the providers. */
function setUp(own: AuthThrottle = throttle, frontEnds = 1) {
  const clock = { ms: 1_000_000 };
  const news: LoginNews[] = [];
  const places: Place[] = [];
  const secret = new Uint8Array(32);
  const guard = createLoginGuard({
    secret,
    frontEnds,
    tell: (item) => news.push(item),
    now: () => clock.ms,
  });
  const settings: DirectorySettings = { authUserFile: '/users', authThrottle: own };
  async function attempt(user: string, proof: string | undefined, address = '192.0.2.1', of = settings) {
    const made: Attempt = {
      kind: 'attempt',
      user,
      ...(proof === undefined ? {} : { proof }),
      check: async (place) => {
        places.push(place);
        return answerFor(user, proof);
      },
    };
    return summarise(await guard.check(request({ address }), of, made));
  }
  return { guard, clock, news, places, settings, attempt };
}

function answerFor(user: string, proof: string | undefined): Authentication {
  if (proof === 'stale') return { kind: 'refused', failure: 'stale', describe: () => '' };
  if (proof === 'broken') return { kind: 'fault', module: 'm', text: '' };
  if (proof === right && user !== 'nobody') return { kind: 'granted', user };
  const failure = user === 'nobody' ? 'user-not-found' : 'wrong-password';
  return { kind: 'refused', failure, describe: () => '' };
}

function summarise(answer: Awaited<ReturnType<LoginGuard['check']>>): string {
  if (answer.kind === 'busy') return `${answer.status} ${answer.retryAfterSeconds}`;
  return answer.kind === 'refused' ? answer.failure : answer.kind;
}

describe('guesses for one user', () => {
  it('are bounded in a window that slides', async () => {
    const { attempt, clock, places } = setUp();
    for (let guess = 0; guess < 3; guess += 1) {
      expect(await attempt('bob', `wrong${guess}`, `192.0.2.${guess}`)).toBe('wrong-password');
      clock.ms += 10_000;
    }
    expect(await attempt('bob', 'wrong3', '192.0.2.77')).toBe('429 30');
    expect(await attempt('bob', right, '192.0.2.77')).toBe('429 30');
    expect(places).toHaveLength(3);
    clock.ms += 30_000;
    expect(await attempt('bob', right, '192.0.2.77')).toBe('granted');
  });

  it('count for unknown users just the same', async () => {
    const { attempt } = setUp();
    for (let guess = 0; guess < 3; guess += 1)
      expect(await attempt('nobody', `wrong${guess}`, `192.0.2.${guess}`)).toBe('user-not-found');
    expect(await attempt('nobody', 'wrong3', '192.0.2.77')).toBe('429 60');
  });

  it('do not keep the user out where that user has logged in before', async () => {
    const { attempt, clock } = setUp();
    expect(await attempt('bob', right, '192.0.2.1')).toBe('granted');
    clock.ms += 24 * 3_600_000;
    for (let guess = 0; guess < 4; guess += 1) await attempt('bob', `wrong${guess}`, '198.51.100.7');
    expect(await attempt('bob', right, '198.51.100.9')).toBe('429 60');
    expect(await attempt('bob', right, '192.0.2.1')).toBe('granted');
  });

  it('are bounded where that user has logged in before, too', async () => {
    const { attempt, clock } = setUp();
    await attempt('bob', right);
    clock.ms += 3_600_000;
    for (let guess = 0; guess < 3; guess += 1)
      expect(await attempt('bob', `wrong${guess}`)).toBe('wrong-password');
    expect(await attempt('bob', 'wrong3')).toBe('429 60');
    // Nobody else pays for that.
    expect(await attempt('bob', 'wrong4', '198.51.100.7')).toBe('wrong-password');
    expect(await attempt('amy', 'wrong')).toBe('wrong-password');
  });

  it.each(['192.0.2.1', '198.51.100.7'])(
    'tell nothing more once they are too many, from %s',
    async (from) => {
      const { attempt } = setUp();
      // Lately, and so still known to be right.
      expect(await attempt('bob', right, '192.0.2.1')).toBe('granted');
      for (let guess = 0; guess < 3; guess += 1)
        expect(await attempt('bob', `wrong${guess}`, from)).toBe('wrong-password');
      // A right one among them must look like all others: it would else be found at the pace of refusals.
      expect(await attempt('bob', 'wrong9', from)).toBe('429 60');
      expect(await attempt('bob', right, from)).toBe('429 60');
    },
  );

  it('at the same time stop nobody who goes on with what was right there', async () => {
    const { attempt } = setUp();
    const rights = ['secret', 'token'];
    await attempt('bob', right);
    const answers = await Promise.all([
      ...Array.from({ length: 9 }, (_, n) => attempt('bob', `wrong${n}`)),
      ...rights.map((proof) => attempt('bob', proof)),
    ]);
    expect(answers.slice(-2)).toEqual(['granted', '429 1']);
  });

  it('do not get easier by an account whose name looks alike', async () => {
    const { attempt } = setUp();
    for (let guess = 0; guess < 3; guess += 1) {
      const from = `192.0.2.${guess}`;
      expect(await attempt('Bob', right, from)).toBe('granted');
      expect(await attempt('bob', `wrong${guess}`, from)).toBe('wrong-password');
    }
    expect(await attempt('Bob', right, '192.0.2.9')).toBe('429 60');
    expect(await attempt('bob', 'wrong9', '192.0.2.0')).toBe('429 60');
  });

  it('count once when the same password is sent again and again', async () => {
    const { attempt } = setUp();
    for (let round = 0; round < 20; round += 1) expect(await attempt('bob', 'old')).toBe('wrong-password');
    expect(await attempt('bob', right)).toBe('granted');
  });

  it('count each where the password does not show', async () => {
    const { attempt } = setUp();
    for (let guess = 0; guess < 3; guess += 1) expect(await attempt('bob', undefined)).toBe('wrong-password');
    expect(await attempt('bob', undefined)).toBe('429 60');
  });

  it.each(['BOB', ' bob', 'b\xc3\xb6b', 'B\xc3\x96B'])('count for %j however it is written', async (name) => {
    const { attempt } = setUp();
    const spelt = name.includes('\xc3') ? 'b\xc3\xb6b' : 'bob';
    for (let guess = 0; guess < 3; guess += 1) await attempt(spelt, `wrong${guess}`, `192.0.2.${guess}`);
    expect(await attempt(name, 'wrong', '198.51.100.7')).toBe('429 60');
  });

  it('count for the users of one file only', async () => {
    const { attempt, settings } = setUp();
    const elsewhere = { ...settings, authUserFile: '/others' };
    for (let guess = 0; guess < 3; guess += 1) await attempt('bob', `wrong${guess}`, `192.0.2.${guess}`);
    expect(await attempt('bob', right, '192.0.2.9', elsewhere)).toBe('granted');
  });

  it('are no guesses when nothing was found out, or the password was right but late', async () => {
    const { attempt, guard } = setUp();
    for (let round = 0; round < 9; round += 1) {
      expect(await attempt('bob', 'broken')).toBe('fault');
      expect(await attempt('bob', 'stale')).toBe('stale');
    }
    expect(guard.counters).toEqual({ granted: 0, failed: 0, delayed: 0, throttled: 0, overloaded: 0 });
  });
});

describe('guesses from one address', () => {
  it.each([
    ['192.0.2.1', '192.0.2.1', '192.0.2.2'],
    ['192.0.2.1', '::ffff:192.0.2.1', '::ffff:192.0.2.2'],
    ['2001:db8::1', '2001:db8::ffff:1', '2001:db8:0:1::1'],
  ])('%s are bounded for %s, and not for %s', async (from, same, other) => {
    const { attempt } = setUp();
    for (let guess = 0; guess < 5; guess += 1)
      expect(await attempt(`user${guess}`, 'wrong', from)).toBe('wrong-password');
    expect(await attempt('amy', 'wrong', same)).toBe('429 60');
    expect(await attempt('amy', 'wrong', other)).toBe('wrong-password');
  });

  it('do not keep out who has logged in there', async () => {
    const { attempt, clock } = setUp();
    await attempt('bob', right);
    clock.ms += 600_000;
    for (let guess = 0; guess < 5; guess += 1) await attempt(`user${guess}`, 'wrong');
    expect(await attempt('amy', right)).toBe('429 60');
    expect(await attempt('bob', right)).toBe('granted');
  });
});

describe('guesses at the same time', () => {
  it('count before their answer', async () => {
    const { attempt, places } = setUp();
    const answers = await Promise.all(
      Array.from({ length: 50 }, (_, n) => attempt('bob', `wrong${n}`, '192.0.2.1')),
    );
    expect(answers.filter((answer) => answer === 'wrong-password')).toHaveLength(3);
    expect(answers.filter((answer) => answer === '429 1')).toHaveLength(47);
    expect(places).toHaveLength(3);
  });

  it('are one when they are the same: a page full of images is no attack', async () => {
    const { attempt } = setUp();
    const answers = await Promise.all(Array.from({ length: 50 }, () => attempt('bob', right)));
    expect(new Set(answers)).toEqual(new Set(['granted']));
  });

  it('are shared out among the front ends', async () => {
    const { attempt } = setUp({ ...throttle, user: { failures: 20, seconds: 60 } }, 2);
    const answers = await Promise.all(
      Array.from({ length: 50 }, (_, n) => attempt('bob', `wrong${n}`, `192.0.2.${n}`)),
    );
    expect(answers.filter((answer) => answer === 'wrong-password')).toHaveLength(10);
  });
});

it('is off where the site file says so', async () => {
  const { attempt } = setUp({ ...throttle, enabled: false });
  for (let guess = 0; guess < 50; guess += 1)
    expect(await attempt('bob', `wrong${guess}`)).toBe('wrong-password');
});

it('keeps counts with other limits apart', async () => {
  const { attempt, settings } = setUp();
  for (let guess = 0; guess < 3; guess += 1) await attempt('bob', `wrong${guess}`);
  const strict = { ...settings, authThrottle: { ...throttle, user: { failures: 1, seconds: 600 } } };
  expect(await attempt('bob', 'wrong', '192.0.2.9', strict)).toBe('wrong-password');
  expect(await attempt('bob', 'other', '192.0.2.9', strict)).toBe('429 600');
});

it('answers late once half of a limit is used, and does not make those wait who are right', async () => {
  vi.useFakeTimers();
  try {
    const { attempt, guard } = setUp({ ...throttle, user: { failures: 4, seconds: 60 }, delayMs: 500 });
    expect(await attempt('bob', 'wrong0')).toBe('wrong-password');
    let answer: string | undefined;
    const late = attempt('bob', 'wrong1').then((said) => {
      answer = said;
    });
    await vi.advanceTimersByTimeAsync(499);
    expect(answer).toBeUndefined();
    expect(await attempt('bob', right)).toBe('granted');
    await vi.advanceTimersByTimeAsync(1);
    await late;
    expect(answer).toBe('wrong-password');
    expect(guard.counters).toMatchObject({ failed: 2, delayed: 1, granted: 1 });
  } finally {
    vi.useRealTimers();
  }
});

it('puts those who are known before strangers', async () => {
  const { attempt, places, clock } = setUp();
  await attempt('bob', right);
  await attempt('bob', right, '198.51.100.1');
  await attempt('amy', right);
  clock.ms += 3_600_000;
  await attempt('bob', 'wrong');
  await attempt('bob', 'wrong', '198.51.100.9');
  expect(places.map(({ isKnown }) => isKnown)).toEqual([false, false, false, true, false]);
  expect(places[0]).toMatchObject({ client: '192.0.2.1' });
});

describe('a client that does not show its password', () => {
  /** One request with a nonce; `isRight`: whether it knows the password. */
  function withNonce({ guard, settings }: ReturnType<typeof setUp>) {
    return async (session: string, isRight: boolean, address = '192.0.2.1') => {
      const check = async (): Promise<Authentication> =>
        isRight
          ? { kind: 'granted', user: 'bob' }
          : { kind: 'refused', failure: 'wrong-password', describe: () => '' };
      const made: Attempt = { kind: 'attempt', user: 'bob', session, check };
      return summarise(await guard.check(request({ address }), settings, made));
    };
  }

  it('waits where it sends more at once than may be guessed', async () => {
    const ask = withNonce(setUp());
    const answers = await Promise.all(Array.from({ length: 50 }, () => ask('n', true)));
    expect(new Set(answers)).toEqual(new Set(['granted']));
  });

  it('is refused when those before it have guessed too much', async () => {
    const ask = withNonce(setUp());
    const answers = await Promise.all(Array.from({ length: 50 }, (_, at) => ask(`n${at}`, false)));
    expect(answers.filter((answer) => answer === 'wrong-password')).toHaveLength(3);
    expect(answers.filter((answer) => answer.startsWith('429'))).toHaveLength(47);
  });

  it('goes on with what was right, whatever others guess, until it is wrong once', async () => {
    const ask = withNonce(setUp());
    expect(await ask('n', true)).toBe('granted');
    for (let guess = 0; guess < 3; guess += 1) expect(await ask(`x${guess}`, false)).toBe('wrong-password');
    expect(await ask('y', true)).toMatch(/^429/);
    expect(await ask('n', true)).toBe('granted');
    expect(await ask('n', false)).toBe('wrong-password');
    expect(await ask('n', true)).toMatch(/^429/);
  });
});

describe('several front ends', () => {
  it('count together', async () => {
    const one = setUp();
    const other = setUp();
    await one.attempt('amy', right, '203.0.113.1');
    for (let guess = 0; guess < 3; guess += 1) await one.attempt('bob', `wrong${guess}`, '198.51.100.7');
    other.guard.learn(structuredClone(one.news));
    expect(await other.attempt('bob', 'wrong9', '198.51.100.8')).toBe('429 60');
    for (let guess = 0; guess < 9; guess += 1) await other.attempt('amy', `wrong${guess}`, '198.51.100.9');
    expect(await other.attempt('amy', right, '203.0.113.1')).toBe('granted');
  });

  it('tell nothing that gives away a name, a password or an address, and a login once', async () => {
    const { attempt, news } = setUp();
    for (let round = 0; round < 5; round += 1) await attempt('bob', right);
    await attempt('bob', 'hunter2');
    expect(news.map(({ kind }) => kind)).toEqual(['success', 'failure']);
    expect(JSON.stringify(news)).not.toMatch(/bob|secret|hunter2|192\.0/);
  });
});

it('logs a cause when it begins, and then from time to time', async () => {
  const { guard, clock, settings } = setUp();
  const attempt = (proof: string): Attempt => ({
    kind: 'attempt',
    user: 'bob',
    proof,
    check: async () => answerFor('bob', proof),
  });
  const texts: string[] = [];
  for (let guess = 0; guess < 9; guess += 1) {
    const answer = await guard.check(request(), settings, attempt(`wrong${guess}`));
    if (answer.kind === 'busy') texts.push(answer.text);
    if (guess === 6) clock.ms += 10_000;
  }
  const text = 'login throttled: 3 wrong passwords within 60 s for this user (AuthThrottleUser)';
  expect(texts).toEqual([text, '', '', '', text, '']);
  expect(guard.counters).toMatchObject({ failed: 3, throttled: 6 });
});

it('does not forget where users have logged in for guests, who need no password', async () => {
  const { guard, settings, attempt } = setUp();
  expect(await attempt('bob', right, '192.0.2.1')).toBe('granted');
  const enter: Attempt = {
    kind: 'attempt',
    user: 'guest',
    proof: 'a@b.c',
    check: async () => ({ kind: 'granted', user: 'guest', isGuest: true }),
  };
  expect(summarise(await guard.check(request({ address: '198.51.100.7' }), settings, enter))).toBe('granted');
  expect(guard.sizes().pairs).toBe(1);
  expect(guard.counters.granted).toBe(2);
});

it('keeps a bounded memory, whoever guesses from wherever', async () => {
  const { attempt, guard } = setUp();
  expect(guard.sizes()).toEqual({ failures: 0, pairs: 0, pending: 0 });
  for (let guess = 0; guess < 16_000; guess += 1)
    await attempt(`user${guess}`, 'wrong', `10.${guess >> 16}.${(guess >> 8) & 255}.${guess & 255}`);
  expect(guard.sizes()).toEqual({ failures: 30_000, pairs: 0, pending: 0 });
});
