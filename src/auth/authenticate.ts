import type { DirectorySettings } from '../config/model.js';
import type { Credentials } from './credentials.js';
import { digest, isSameText } from './digest.js';
import type { Place } from './fair-line.js';
import type { AuthRequest } from './index.js';
import { realmOf } from './realm.js';
import { findRealmHash, type RealmHashSources } from './realm-hashes.js';
import type { Authentication, Busy, Fault, Notice } from './scheme.js';
import type { Witness } from './witness.js';

/** One way to check a password: `AuthBasicProvider`. */
export type Provider = (
  request: AuthRequest,
  settings: DirectorySettings,
  credentials: Credentials,
  place: Place,
) => Promise<ProviderAnswer>;

export type ProviderAnswer =
  /** `user` becomes REMOTE_USER. */
  | { readonly kind: 'granted'; readonly user: string; readonly notice?: Notice; readonly isGuest?: true }
  /** A wrong password: nobody else is asked. */
  | { readonly kind: 'denied'; readonly why: string }
  /** The next provider is asked. */
  | {
      readonly kind: 'user-not-found';
      /** Takes as long as checking a password would have, and can fail as that could. */
      readonly spendTime?: () => Promise<Fault | Busy | undefined>;
    }
  | Fault
  | Busy;

export type Providers = ReadonlyMap<string, Provider>;

/** Somebody's name and password, and where they were offered. */
export interface BasicLogin {
  readonly request: AuthRequest;
  readonly settings: DirectorySettings;
  readonly credentials: Credentials;
  readonly place: Place;
}

/** Asks the providers of AuthBasicProvider in their order until one knows the user. */
export async function authenticate(
  { request, settings, credentials, place }: BasicLogin,
  providers: Providers,
  witness?: Witness,
): Promise<Authentication> {
  let spendTime: (() => Promise<Fault | Busy | undefined>) | undefined;
  for (const name of namesOfProviders(settings)) {
    const alias = settings.authnAliases?.get(name);
    const provider = providers.get(alias?.provider ?? name);
    if (provider === undefined)
      return { kind: 'fault', module: 'auth_basic', text: `AuthBasicProvider ${name} does not exist` };
    const answer = await provider(
      request,
      alias ? { ...settings, ...alias.settings } : settings,
      credentials,
      place,
    );
    witness?.({ kind: 'provider', name, answer });
    if (answer.kind === 'denied') return refuseWrongPassword(credentials, answer.why);
    if (answer.kind !== 'user-not-found') return answer;
    spendTime ??= answer.spendTime;
  }
  // So that the time an answer takes does not tell which users exist.
  const failure = await spendTime?.();
  if (failure !== undefined) return failure;
  return refuseUnknown(settings, credentials);
}

/** With AuthBasicAuthoritative Off, Apache has another module asked, and finds none. */
function refuseUnknown({ authBasicAuthoritative }: DirectorySettings, { user }: Credentials): Authentication {
  if (authBasicAuthoritative === false)
    return {
      kind: 'fault',
      module: 'authn_core',
      text: 'AH01796: AuthBasicAuthoritative is Off, and nobody else is there to know the user',
    };
  const describe = (path: string) => `AH01618: user ${user} not found: ${path}`;
  return { kind: 'refused', failure: 'user-not-found', describe };
}

/** The phrases are those that log watchers such as fail2ban look for. */
function refuseWrongPassword({ user }: Credentials, why: string): Authentication {
  const describe = (path: string) => `AH01617: user ${user}: authentication failure for "${path}": ${why}`;
  return { kind: 'refused', failure: 'wrong-password', describe };
}

/** AuthBasicUseDigestAlgorithm MD5: asks for what is stored for Digest, and makes the same of the password. */
export async function authenticateByDigest(
  { request, settings, credentials, place }: BasicLogin,
  sources: RealmHashSources,
  witness?: Witness,
): Promise<Authentication> {
  const { user, password } = credentials;
  const realm = realmOf(settings.authName ?? '') ?? '';
  const names = namesOfProviders(settings);
  const known = await findRealmHash(names, sources, { request, settings, user, realm, place }, witness);
  if (known.kind === 'fault' || known.kind === 'busy') return known;
  const offered = digest('MD5', `${user}:${realm}:${password}`);
  if (known.kind === 'user-not-found') return refuseUnknown(settings, credentials);
  return isSameText(offered, known.hash)
    ? { kind: 'granted', user }
    : refuseWrongPassword(credentials, 'Password Mismatch');
}

function namesOfProviders({ authBasicProviders }: DirectorySettings): readonly string[] {
  return authBasicProviders === undefined || authBasicProviders.length === 0 ? ['file'] : authBasicProviders;
}
