/** A stored hash of a format that can be verified, with all that decides how long that takes. */
export type StoredHash =
  | { readonly kind: 'bcrypt'; readonly cost: number }
  | { readonly kind: 'md5'; readonly magic: '$apr1$' | '$1$'; readonly salt: string }
  | {
      readonly kind: 'sha';
      readonly algorithm: 'sha256' | 'sha512';
      readonly rounds: number;
      /** Whether `rounds=` is written in the hash. */
      readonly roundsGiven: boolean;
      readonly salt: string;
    }
  | { readonly kind: 'des'; readonly salt: string }
  | { readonly kind: 'sha1' };

/** The default of crypt(3) for `$5$` and `$6$` without `rounds=`. */
export const defaultShaRounds = 5000;

/** bcrypt's cost at which one check takes about ten seconds, as the htpasswd tool: more is not waited for. */
const highestBcryptCost = 17;

/** One check takes about two seconds. */
const highestShaRounds = 1_000_000;

/**
 * What kind of hash an htpasswd entry holds. Undefined: nothing that any password fits: plain text, `{SSHA}`, `$2x$`,
 * `$y$`, damaged hashes, and those too costly to compute.
 */
export function recogniseHash(hash: string): StoredHash | undefined {
  return recogniseBcrypt(hash) ?? recogniseMd5(hash) ?? recogniseSha(hash) ?? recogniseShort(hash);
}

function recogniseBcrypt(hash: string): StoredHash | undefined {
  const match = /^\$2[aby]\$(\d\d)\$[./A-Za-z0-9]{53}$/.exec(hash);
  if (match === null) return undefined;
  const cost = Number(match[1]);
  return cost >= 4 && cost <= highestBcryptCost ? { kind: 'bcrypt', cost } : undefined;
}

function recogniseMd5(hash: string): StoredHash | undefined {
  const match = /^(\$apr1\$|\$1\$)([^$]{0,8})\$[./0-9A-Za-z]{22}$/.exec(hash);
  if (match === null) return undefined;
  return { kind: 'md5', magic: match[1] === '$1$' ? '$1$' : '$apr1$', salt: match[2] ?? '' };
}

function recogniseSha(hash: string): StoredHash | undefined {
  const match =
    /^\$([56])\$(?:rounds=([1-9]\d{0,9})\$)?([^$]{0,16})\$([./0-9A-Za-z]{43}|[./0-9A-Za-z]{86})$/.exec(hash);
  if (match === null) return undefined;
  const [, id, roundsText, salt = '', digest = ''] = match;
  if (digest.length !== (id === '5' ? 43 : 86)) return undefined;
  const rounds = roundsText === undefined ? defaultShaRounds : Number(roundsText);
  if (rounds < 1000 || rounds > highestShaRounds) return undefined;
  return {
    kind: 'sha',
    algorithm: id === '5' ? 'sha256' : 'sha512',
    rounds,
    roundsGiven: roundsText !== undefined,
    salt,
  };
}

function recogniseShort(hash: string): StoredHash | undefined {
  if (/^\{SHA\}[A-Za-z0-9+/]{27}=$/.test(hash)) return { kind: 'sha1' };
  if (/^[./0-9A-Za-z]{13}$/.test(hash)) return { kind: 'des', salt: hash.slice(0, 2) };
  return undefined;
}
