import type { DigestAlgorithm, DirectorySettings } from '../config/model.js';
import { digest, isSameText } from './digest.js';
import { type DigestParameters, parseDigestHeader } from './digest-header.js';
import type { Nonces } from './digest-nonce.js';
import { namesTarget } from './digest-target.js';
import type { Place } from './fair-line.js';
import type { AuthRequest } from './index.js';
import type { NonceCounter } from './nonce-counter.js';
import { quote, realmOf } from './realm.js';
import { findRealmHash, type RealmHashSources } from './realm-hashes.js';
import type { Authentication, Scheme, Unsuitable } from './scheme.js';
import type { Witness } from './witness.js';

export interface DigestTools {
  readonly sources: RealmHashSources;
  readonly nonces: Nonces;
  readonly counter: NonceCounter;
  /** Milliseconds since 1970. */
  now(): number;
  /** Is told what each provider answers. */
  readonly witness?: Witness | undefined;
}

/** `AuthType Digest` (RFC 7616, qop=auth): the client proves that it knows the password without sending it. */
export function createDigestScheme(tools: DigestTools): Scheme {
  return {
    authType: 'Digest',
    module: 'auth_digest',
    challenge(realm, settings, { isStale = false } = {}) {
      const { authDigestDomain: domain } = settings;
      const parameters = [
        `realm=${quote(realm)}`,
        `nonce="${tools.nonces.issue(realm)}"`,
        `algorithm=${algorithmOf(settings)}`,
        ...(domain === undefined ? [] : [`domain="${domain.join(' ')}"`]),
        ...(isStale ? ['stale=true'] : []),
        'qop="auth"',
      ];
      return `Digest ${parameters.join(', ')}`;
    },
    readAttempt(request, settings, authorization) {
      const proof = readProof(request, settings, authorization);
      if (proof.kind === 'unsuitable') return proof;
      return {
        kind: 'attempt',
        user: proof.user,
        session: proof.nonce,
        check: (place) => checkProof(proof, { request, settings, place }, tools),
      };
    },
  };
}

/** What a proof is about, and who waits for it. */
interface Where {
  readonly request: AuthRequest;
  readonly settings: DirectorySettings;
  readonly place: Place;
}

/** What a client sends in place of a password. Byte strings. */
interface Proof {
  readonly kind: 'proof';
  readonly user: string;
  readonly realm: string;
  readonly nonce: string;
  readonly uri: string;
  readonly cnonce: string;
  /** `nc` as sent. */
  readonly count: string;
  readonly response: string;
}

/** Everything that can be judged without knowing the user. Texts and order are httpd's. */
function readProof(
  request: AuthRequest,
  settings: DirectorySettings,
  authorization: string,
): Proof | Unsuitable {
  const parameters = parseDigestHeader(authorization);
  if (parameters === 'wrong-scheme')
    return unsuitable(`AH01781: client used wrong authentication scheme ${schemeOf(authorization)}`);
  if (parameters === 'malformed') return unsuitable('AH01782: the authorization header is malformed');
  const proof = collectProof(parameters);
  if (proof === undefined)
    return unsuitable(
      'AH01782: missing user, realm, nonce, uri, digest, cnonce, or nonce_count in authorization header',
    );
  const { user, uri } = proof;
  const realm = realmOf(settings.authName ?? '');
  if (proof.realm !== realm)
    return unsuitable(`AH01788: realm mismatch - got ${proof.realm} but expected ${realm}`, user);
  if (!namesTarget(uri, request.sent)) {
    const text = `AH01786: uri mismatch - <${uri}> does not match request-uri <${request.sent.target}>`;
    return { ...unsuitable(text, user), status: 400 };
  }
  const algorithm = parameters.get('algorithm') ?? 'MD5';
  if (algorithm.toLowerCase() !== algorithmOf(settings).toLowerCase())
    return unsuitable(`AH01789: unknown algorithm ${algorithm} received`, user);
  const qop = parameters.get('qop');
  if (qop?.toLowerCase() !== 'auth')
    return unsuitable(`AH10560: invalid or missing qop value '${qop}'`, user);
  return proof;
}

function collectProof(parameters: DigestParameters): Proof | undefined {
  const [user, realm, nonce, uri, cnonce, count, response] = [
    'username',
    'realm',
    'nonce',
    'uri',
    'cnonce',
    'nc',
    'response',
  ].map((name) => parameters.get(name));
  if (user === undefined || realm === undefined || nonce === undefined || uri === undefined) return undefined;
  if (cnonce === undefined || response === undefined || !/^[0-9a-f]{1,8}$/i.test(count ?? ''))
    return undefined;
  return { kind: 'proof', user, realm, nonce, uri, cnonce, count: count ?? '', response };
}

/** The nonce comes last: only who knows the password is told that no more than the nonce is wrong. */
async function checkProof(proof: Proof, where: Where, tools: DigestTools): Promise<Authentication> {
  const { request, settings } = where;
  const { user, realm } = proof;
  const names = settings.authDigestProviders ?? ['file'];
  const known = await findRealmHash(names, tools.sources, { ...where, user, realm }, tools.witness);
  if (known.kind === 'fault' || known.kind === 'busy') return known;
  if (known.kind === 'user-not-found')
    return refuse('user-not-found', (path) => `AH01790: user ${user} in realm ${realm} not found: ${path}`);

  const algorithm = algorithmOf(settings);
  const mismatch = () =>
    refuse('wrong-password', (path) => `AH01794: user ${user}: password mismatch: ${path}`);
  if (known.hash.length !== hexLengths[algorithm]) {
    const text = `AH01794: user ${user}: password mismatch: the stored digest is not ${algorithm}`;
    return refuse('wrong-password', (path) => `${text}: ${path}`);
  }
  const respond = (method: string) => {
    const { nonce, count, cnonce, uri } = proof;
    const signed = digest(algorithm, `${method}:${uri}`);
    return digest(algorithm, `${known.hash}:${nonce}:${count}:${cnonce}:auth:${signed}`);
  };
  if (!isSameText(proof.response, respond(request.sent.method))) return mismatch();

  const stale = whyStale(proof, request, settings, tools);
  if (stale !== undefined) return refuse('stale', (path) => `user ${user}: ${stale}: ${path}`);
  const info = `rspauth="${respond('')}", cnonce=${quote(proof.cnonce)}, nc=${proof.count}, qop=auth`;
  return { kind: 'granted', user, info };
}

/** Why the client has to answer a new challenge, though it knows the password. */
function whyStale(
  { nonce, realm, count }: Proof,
  request: AuthRequest,
  settings: DirectorySettings,
  { nonces, counter, now }: DigestTools,
): string | undefined {
  const issuedAtMs = nonces.read(nonce, realm);
  if (issuedAtMs === undefined) return `AH01776: invalid nonce ${nonce} received`;
  const ageMs = now() - issuedAtMs;
  const { authDigestNonceLifetimeMs: lifetimeMs = 300_000, authDigestCountsRequests = false } = settings;
  if (ageMs < -clockStepMs) return `AH01777: invalid nonce ${nonce} received - it was made in the future`;
  if (lifetimeMs >= 0 && ageMs > lifetimeMs)
    return `AH01778: nonce expired (${(ageMs / 1000).toFixed(2)} seconds old - max lifetime ${lifetimeMs / 1000}) - sending new nonce`;
  if (authDigestCountsRequests && !counter.take(nonce, issuedAtMs, Number.parseInt(count, 16), request.sent))
    return `nonce count ${count} has been used before - sending new nonce`;
  return undefined;
}

/** Front ends read the same clock, but it may be set back a little. */
const clockStepMs = 2_000;

const hexLengths = { MD5: 32, 'SHA-256': 64 } as const satisfies Record<DigestAlgorithm, number>;

function algorithmOf({ authDigestAlgorithm = 'MD5' }: DirectorySettings): DigestAlgorithm {
  return authDigestAlgorithm;
}

function schemeOf(authorization: string): string {
  return /^[!-~]{0,32}/.exec(authorization)?.[0] ?? '';
}

function refuse(
  failure: 'wrong-password' | 'user-not-found' | 'stale',
  describe: (path: string) => string,
): Authentication {
  return { kind: 'refused', failure, describe };
}

function unsuitable(text: string, user?: string): Unsuitable {
  return { kind: 'unsuitable', status: 401, text, ...(user === undefined ? {} : { user }) };
}
