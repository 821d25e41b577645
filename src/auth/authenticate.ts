import type { DirectorySettings } from '../config/model.js';
import type { Credentials } from './credentials.js';
import type { AuthRequest } from './index.js';

/** One way to check a password: `AuthBasicProvider`. */
export type Provider = (
  request: AuthRequest,
  settings: DirectorySettings,
  credentials: Credentials,
) => Promise<ProviderAnswer>;

export type ProviderAnswer =
  /** `user` becomes REMOTE_USER. */
  | { readonly kind: 'granted'; readonly user: string }
  /** A wrong password: nobody else is asked. */
  | { readonly kind: 'denied'; readonly why: string }
  /** The next provider is asked. */
  | {
      readonly kind: 'user-not-found';
      /** Takes as long as checking a password would have, and can fail as that could. */
      readonly spendTime?: () => Promise<Fault | undefined>;
    }
  | Fault;

/** The password cannot be checked. Module and text are for the error log. */
export interface Fault {
  readonly kind: 'fault';
  readonly module: string;
  readonly text: string;
}

export type Providers = ReadonlyMap<string, Provider>;

export type Authentication =
  | { readonly kind: 'granted'; readonly user: string }
  | { readonly kind: 'refused'; readonly failure: 'wrong-password'; readonly why: string }
  | { readonly kind: 'refused'; readonly failure: 'user-not-found' }
  | Fault;

/** Asks the providers of AuthBasicProvider in their order until one knows the user. */
export async function authenticate(
  request: AuthRequest,
  settings: DirectorySettings,
  credentials: Credentials,
  providers: Providers,
): Promise<Authentication> {
  let spendTime: (() => Promise<Fault | undefined>) | undefined;
  for (const name of namesOfProviders(settings)) {
    const alias = settings.authnAliases?.get(name);
    const provider = providers.get(alias?.provider ?? name);
    if (provider === undefined)
      return { kind: 'fault', module: 'auth_basic', text: `AuthBasicProvider ${name} does not exist` };
    const answer = await provider(
      request,
      alias ? { ...settings, ...alias.settings } : settings,
      credentials,
    );
    if (answer.kind === 'denied') return { kind: 'refused', failure: 'wrong-password', why: answer.why };
    if (answer.kind !== 'user-not-found') return answer;
    spendTime ??= answer.spendTime;
  }
  // So that the time an answer takes does not tell which users exist.
  const fault = await spendTime?.();
  if (fault !== undefined) return fault;
  if (settings.authBasicAuthoritative === false)
    return {
      kind: 'fault',
      module: 'authn_core',
      text: 'AH01796: AuthBasicAuthoritative is Off, and nobody else is there to know the user',
    };
  return { kind: 'refused', failure: 'user-not-found' };
}

function namesOfProviders({ authBasicProviders }: DirectorySettings): readonly string[] {
  return authBasicProviders === undefined || authBasicProviders.length === 0 ? ['file'] : authBasicProviders;
}
