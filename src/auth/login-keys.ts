import { hash } from 'node:crypto';
import type { DirectorySettings } from '../config/model.js';
import { networkOf } from '../matching/index.js';
import type { AuthRequest } from './index.js';
import type { Attempt } from './scheme.js';

/** Under which names an attempt to log in is remembered. Digests under a key of this site, but for `client`. */
export interface LoginKeys {
  /** The network of the client. */
  readonly client: string;
  readonly address: string;
  readonly user: string;
  /** The user at this address. */
  readonly pair: string;
  /** User and password at this address, or what stands for them once they were right. */
  readonly credential?: string;
}

/** `secret`: text that every front end of the site knows, and nobody else. */
export function findLoginKeys(
  secret: string,
  request: AuthRequest,
  settings: DirectorySettings,
  { user, proof, session }: Attempt,
): LoginKeys {
  // Half of the digest is kept, so that nothing can be appended to what was digested; a tenth of the time that HMAC takes, which counts in a flood.
  const digest = (...parts: readonly string[]) =>
    hash('sha256', secret + JSON.stringify(parts), 'base64url').slice(0, 22);
  const client = networkOf(request.clientAddress);
  const source = sourceOf(settings);
  const name = foldName(user);
  return {
    client,
    address: digest('address', client),
    user: digest('user', source, name),
    // As it is written: who has the account `Bob` has not been here as `bob`.
    pair: digest('pair', source, user, client),
    ...credentialOf(proof, session, (...parts) => digest(...parts, source, user, client)),
  };
}

function credentialOf(
  proof: string | undefined,
  session: string | undefined,
  digest: (...parts: readonly string[]) => string,
): Pick<LoginKeys, 'credential'> {
  if (proof !== undefined) return { credential: digest('credential', proof) };
  return session === undefined ? {} : { credential: digest('session', session) };
}

/** Where the users come from: the bob of one file is not the bob of another. */
function sourceOf(settings: DirectorySettings): string {
  const {
    authUserFile,
    authUserScript,
    authBasicProviders = [],
    authDigestProviders,
    authnAliases,
  } = settings;
  const aliases = [...(authnAliases ?? [])].map(([name, { settings: own }]) => [
    name,
    own.authUserFile,
    own.authUserScript?.file,
  ]);
  return JSON.stringify([
    authUserFile,
    authUserScript?.file,
    authBasicProviders,
    aliases,
    authDigestProviders,
  ]);
}

/** Scripts may take `Bob` for `bob`: then each spelling would be good for as many guesses again. */
function foldName(user: string): string {
  return Buffer.from(user, 'latin1').toString('utf8').normalize('NFKC').trim().toLowerCase();
}
