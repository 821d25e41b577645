import { describe, expect, it } from 'vitest';
import { type HashRequest, hashPassword, verifyPassword } from '../../src/htpasswd-auth/index.js';

describe('hashPassword', () => {
  it.each<[string, HashRequest, RegExp]>([
    ['bcrypt', { kind: 'bcrypt', cost: 4 }, /^\$2y\$04\$/],
    ['apr1', { kind: 'apr1' }, /^\$apr1\$[./0-9A-Za-z]{8}\$/],
    ['sha1', { kind: 'sha1' }, /^\{SHA\}/],
    ['des', { kind: 'des' }, /^[./0-9A-Za-z]{13}$/],
    ['sha256', { kind: 'sha256' }, /^\$5\$[./0-9A-Za-z]{16}\$/],
    ['sha512', { kind: 'sha512' }, /^\$6\$[./0-9A-Za-z]{16}\$/],
    ['sha512 with rounds', { kind: 'sha512', rounds: 1000 }, /^\$6\$rounds=1000\$[./0-9A-Za-z]{16}\$/],
  ])('%s', async (_, request, shape) => {
    const password = 'p\xc3\xa4sswd';
    const hash = await hashPassword(password, request);
    expect(hash).toMatch(shape);
    expect(await verifyPassword(password, hash)).toBe(true);
    expect(await verifyPassword('passwd', hash)).toBe(false);
    if (request.kind !== 'sha1') expect(await hashPassword(password, request)).not.toBe(hash);
  });
});
