import { createHash } from 'node:crypto';

/** What a client makes of a challenge. Everything may be overridden to see what is made of it. */
export interface DigestAttempt {
  readonly user?: string;
  readonly password?: string;
  readonly method?: string;
  readonly uri: string;
  readonly count?: number;
  /** Parameters as text, instead of or besides those that belong there; null leaves one out. */
  readonly with?: Readonly<Record<string, string | null>>;
}

/** The Authorization header that answers a challenge, made from RFC 7616's rules alone. */
export function answerChallenge(challenge: string, attempt: DigestAttempt): string {
  const { user = 'alice', password = 'wonderland', method = 'GET', uri, count = 1 } = attempt;
  const given = readChallenge(challenge);
  const realm = given.realm?.replace(/\\(.)/g, '$1') ?? '';
  const algorithm = given.algorithm ?? 'MD5';
  const hash = (text: string) =>
    createHash(algorithm === 'SHA-256' ? 'sha256' : 'md5')
      .update(text, 'latin1')
      .digest('hex');
  const nc = count.toString(16).padStart(8, '0');
  const cnonce = 'c1';
  const response = hash(
    `${hash(`${user}:${realm}:${password}`)}:${given.nonce}:${nc}:${cnonce}:auth:${hash(`${method}:${uri}`)}`,
  );
  const parameters: Record<string, string | null> = {
    username: quote(user),
    realm: quote(realm),
    nonce: `"${given.nonce}"`,
    uri: `"${uri}"`,
    algorithm,
    response: `"${response}"`,
    qop: 'auth',
    nc,
    cnonce: `"${cnonce}"`,
    ...attempt.with,
  };
  const list = Object.entries(parameters).flatMap(([name, value]) =>
    value === null ? [] : [`${name}=${value}`],
  );
  return `Digest ${list.join(', ')}`;
}

/** `rspauth` that proves that the server knows the password, too. */
export function expectedProof(challenge: string, attempt: DigestAttempt): string {
  const header = answerChallenge(challenge, { ...attempt, method: '' });
  return /response="(\w+)"/.exec(header)?.[1] ?? '';
}

/** Parameters of a challenge by name; quoted ones without their quotes. */
export function readChallenge(challenge: string): Readonly<Record<string, string | undefined>> {
  const parameters = challenge.replace(/^Digest /, '').matchAll(/(\w+)=(?:"((?:\\.|[^"\\])*)"|([^,\s]+))/g);
  return Object.fromEntries([...parameters].map(([, name = '', quoted, plain]) => [name, quoted ?? plain]));
}

function quote(text: string): string {
  return `"${text.replace(/["\\]/g, '\\$&')}"`;
}
