import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { recogniseHash, verifyPassword } from '../../src/htpasswd-auth/index.js';

interface RealHash {
  readonly 'made by': string;
  readonly password: string;
  readonly hash: string;
}

const realHashes: RealHash[] = JSON.parse(
  readFileSync(new URL('./fixtures/real-hashes.json', import.meta.url), 'utf8'),
);

function bytes(text: string): string {
  return Buffer.from(text, 'utf8').toString('latin1');
}

describe('a hash made by a real tool', () => {
  it.each(realHashes.map((entry) => [entry['made by'], entry.password.slice(0, 20), entry] as const))(
    '%s, password %j',
    async (_tool, _shown, { password, hash }) => {
      expect(recogniseHash(hash)).toBeDefined();
      expect(await verifyPassword(bytes(password), hash)).toBe(true);
      expect(await verifyPassword(`!${bytes(password)}`, hash)).toBe(false);
      expect(await verifyPassword(bytes(password).slice(1), hash)).toBe(isFitForCutOff(password, hash));
      expect(await verifyPassword(hash, hash)).toBe(false);
      expect(await verifyPassword(`${bytes(password)}\0`, hash)).toBe(false);
    },
  );

  /** Of a run of the same letter that is longer than bcrypt's 72 or DES's 8 bytes, what is left is the same. */
  function isFitForCutOff(password: string, hash: string): boolean {
    return password === '' || (hash.startsWith('$2') && password.length === 80);
  }
});

describe('what a format does not look at', () => {
  const hashOf = (madeBy: string, password: string) => {
    const found = realHashes.find((entry) => entry['made by'] === madeBy && entry.password === password);
    if (found === undefined) throw new Error(`no fixture ${madeBy} ${password}`);
    return found.hash;
  };

  it('bcrypt: bytes after the 72nd', async () => {
    const hash = hashOf('htpasswd -nbB -C 4', 'y'.repeat(80));
    expect(await verifyPassword('y'.repeat(72), hash)).toBe(true);
    expect(await verifyPassword(`${'y'.repeat(72)}other`, hash)).toBe(true);
    expect(await verifyPassword('y'.repeat(71), hash)).toBe(false);
  });

  it('DES: bytes after the 8th', async () => {
    const hash = hashOf('htpasswd -nbd', '123456789');
    expect(await verifyPassword('12345678', hash)).toBe(true);
    expect(await verifyPassword('12345678 and more', hash)).toBe(true);
    expect(await verifyPassword('1234567', hash)).toBe(false);
  });
});

describe('no password fits', () => {
  const sha512Digest = 'A'.repeat(86);
  it.each([
    ['plain text', 'secret'],
    ['nothing', ''],
    ['{SSHA}', '{SSHA}0c0blFTXXNuAMHECS4uxrj3ZieMoWImr'],
    ['{sha} in small letters', '{sha}5en6G6MezRroT3XKqkdPOmY/BfQ='],
    ['{SHA} cut off', '{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ'],
    ['{SHA} in hex', '{SHA}e5e9fa1ba31ecd1ae84f75caaa474f3a663f05f4'],
    ['$2x$', '$2x$04$abcdefghijklmnopqrstuuDBqz4jCgUZq/6JeBqt2PfQAdZ0f1kJu'],
    ['bcrypt without digest', '$2y$05$abcdefghijklmnopqrstuu'],
    ['bcrypt of cost 31', `$2y$31$${'a'.repeat(53)}`],
    ['bcrypt of cost 03', `$2y$03$${'a'.repeat(53)}`],
    ['bcrypt of cost +4', `$2y$+4$${'a'.repeat(53)}`],
    ['yescrypt', '$y$j9T$abc$Q9mS6mYpRWcH1kFbcQnSxk2Kq0YgFZ1c9dtmrT8Zs6C'],
    ['$apr1$ alone', '$apr1$'],
    ['$apr1$ without digest', '$apr1$saltsalt$'],
    ['$apr1$ with a long salt', `$apr1$saltsalts$${'a'.repeat(22)}`],
    ['$6$ with too few rounds', `$6$rounds=10$salt$${sha512Digest}`],
    ['$6$ with 999999999 rounds', `$6$rounds=999999999$salt$${sha512Digest}`],
    ['$6$ with endless rounds', `$6$rounds=99999999999999999999$salt$${sha512Digest}`],
    ['$6$ with negative rounds', `$6$rounds=-1$salt$${sha512Digest}`],
    ['$5$ with a digest of $6$', `$5$salt$${sha512Digest}`],
    ['$6$ with a long salt', `$6$saltsaltsaltsalts$${sha512Digest}`],
    ['failure token of crypt(3)', '*0'],
    ['DES with a letter too many', 'abNANd1rDfiNcx'],
    ['DES with a colon', 'ab:ANd1rDfiNc'],
    ['a line end after the hash', '{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ=\n'],
  ])('%s', async (_, hash) => {
    expect(recogniseHash(hash)).toBeUndefined();
    for (const password of ['secret', '', hash]) expect(await verifyPassword(password, hash)).toBe(false);
  });

  it('longer than 512 bytes', async () => {
    const hash = '{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ=';
    expect(await verifyPassword('secret', hash)).toBe(true);
    const long = 'x'.repeat(513);
    const fitting = `{SHA}${createHash('sha1').update(long).digest('base64')}`;
    expect(await verifyPassword(long, fitting)).toBe(false);
  });
});

describe('the event loop', () => {
  it('goes on while slow hashes are computed', async () => {
    const slow = `$6$rounds=200000$saltsalt$${'A'.repeat(86)}`;
    let turns = 0;
    let ended = false;
    const check = verifyPassword('secret', slow).finally(() => {
      ended = true;
    });
    while (!ended) {
      await new Promise((resolve) => setImmediate(resolve));
      turns += 1;
    }
    expect(await check).toBe(false);
    expect(turns).toBeGreaterThan(100);
  });

  it('gives each of many waiting checks its own answer', async () => {
    const hash = realHashes.find((entry) => entry['made by'] === 'htpasswd -nbm')?.hash ?? '';
    const passwords = Array.from({ length: 60 }, (_, index) =>
      index % 3 === 0 ? 'secret' : `wrong${index}`,
    );
    const answers = await Promise.all(passwords.map((password) => verifyPassword(password, hash)));
    expect(answers).toEqual(passwords.map((password) => password === 'secret'));
  });
});
