import type { AuthScript, Condition, DirectorySettings, Position } from '../config/model.js';

import type { Notice } from './scheme.js';

export { createAuthorizer, createProviders, createSchemes } from './authorizer.js';

/** What a decision needs to know of a request. Byte strings. */
export interface AuthRequest {
  /** GET where an error page is asked for. */
  readonly method: string;
  /** The request as it was sent, and the same object for as long as it is served. `host`: of the target, else the Host header. */
  readonly sent: { readonly method: string; readonly target: string; readonly host: string | undefined };
  /** The Authorization header as sent; of several the first. */
  readonly authorization: string | undefined;
  /** Numeric address of the client. */
  readonly clientAddress: string;
  /** Numeric address of the server's end of the connection. */
  readonly localAddress: string;
  /** name, value, …: built only when a script is asked. Holds neither Authorization nor Proxy-Authorization. */
  environ(): readonly string[];
  /** A variable of the request that SetEnvIf or its kin have set (SetEnv comes later), whatever the case of its name. */
  readonly environment: (name: string) => string | undefined;
  /** What TLS says of the connection; absent: plain HTTP. */
  readonly tls?: { readonly isClientVerified: boolean };
  /** Whether an expression holds, which stands at the position; 'fault': nobody can tell, and the log says why. */
  readonly holds: (condition: Condition, user: string | undefined, position: Position) => boolean | 'fault';
}

/** Granted, or a worded "no". */
export type Verdict =
  | {
      readonly kind: 'granted';
      /** REMOTE_USER; absent when nobody had to authenticate. */
      readonly user?: string;
      /** AUTH_TYPE, with `user`. */
      readonly authType?: 'Basic' | 'Digest';
      /** Value of Authentication-Info, for the answer. */
      readonly info?: string;
      readonly notice?: Notice;
    }
  | {
      readonly kind: 'refused';
      readonly status: 400 | 401 | 403 | 429 | 500 | 503;
      /** Value of WWW-Authenticate, with 401. */
      readonly challenge?: string;
      /** With 429 and 503. */
      readonly retryAfterSeconds?: number;
      /** The name the client offered, for %u of the access log. */
      readonly user?: string;
      /** What the error log shall say; absent when Apache logs nothing (401 for want of credentials). */
      readonly reason?: {
        readonly level: 'error' | 'warn' | 'info' | 'debug';
        readonly module: string;
        readonly text: string;
      };
    };

/** What `auth` asks of others. A rejected promise is a general error: 500. */
export interface AuthPorts {
  /** True: granted; false: denied; null: user not found; text: granted under that name. Rejects if the script cannot be asked. */
  checkPassword(
    script: AuthScript,
    environ: readonly string[],
    user: string,
    password: string,
  ): Promise<boolean | null | string>;
  /** Hexadecimal digest of `user:realm:password`; null: user not found. */
  getRealmHash(
    script: AuthScript,
    environ: readonly string[],
    user: string,
    realm: string,
  ): Promise<string | null>;
  /** Null: no opinion. `host`: the client's address. */
  allowAccess(script: AuthScript, environ: readonly string[], host: string): Promise<boolean | null>;
  groupsForUser(script: AuthScript, environ: readonly string[], user: string): Promise<readonly string[]>;
}

export interface Authorizer {
  /** Whether these settings let in everybody, whatever the request is: `decide` would grant it without looking at it. */
  isOpen(settings: DirectorySettings): boolean;
  /** Answers at once where nobody has to be asked. */
  decide(request: AuthRequest, settings: DirectorySettings): Verdict | Promise<Verdict>;
}
export type { Provider, Providers } from './authenticate.js';
export type { CredentialCache } from './credential-cache.js';
export { parseCredentials } from './credentials.js';
export { digest } from './digest.js';
export { gatherNews } from './login-exchange.js';
export {
  createLoginGuard,
  type LoginCounters,
  type LoginGuard,
  type LoginGuardPorts,
} from './login-guard.js';
export type { LoginNews } from './login-news.js';
export { createHashLine, createPasswordVerifier, type PasswordVerifier } from './password-verifier.js';
export { realmOf } from './realm.js';
export { createRealmHashSources, findRealmHash, type RealmHashSources } from './realm-hashes.js';
export type { Attempt, Authentication, Scheme, Schemes } from './scheme.js';
export { createSiteCache } from './site-cache.js';
export type { Judgement, Witness } from './witness.js';
