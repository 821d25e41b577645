import type { DirectorySettings } from '../config/model.js';
import type { Place } from './fair-line.js';
import type { AuthRequest } from './index.js';

/** A kind of AuthType: how clients show who they are, and how that is checked. */
export interface Scheme {
  /** AUTH_TYPE of those who have logged in. */
  readonly authType: 'Basic' | 'Digest';
  /** Apache's module, for the error log. */
  readonly module: string;
  /** The value of WWW-Authenticate for a realm (`realmOf`). Byte strings. */
  challenge(realm: string, settings: DirectorySettings, hints?: ChallengeHints): string;
  /** What the request offers. Asked only if it has an Authorization header, which is `authorization`. */
  readAttempt(request: AuthRequest, settings: DirectorySettings, authorization: string): Attempt | Unsuitable;
}

export interface ChallengeHints {
  /** The client knew the password; only its nonce was too old: nobody has to be asked again. */
  readonly isStale?: boolean;
}

/** Somebody tries to log in. */
export interface Attempt {
  readonly kind: 'attempt';
  /** The name offered; a byte string. */
  readonly user: string;
  /** The password, where the scheme shows it: tells different guesses from the same one again. */
  readonly proof?: string;
  /** Where there is no `proof`: what repeats from request to request once it was right (the nonce of Digest). */
  readonly session?: string;
  /** Asks the providers: may take long, so that what limits attempts comes before it. Never rejects but for a bug. */
  check(place: Place): Promise<Authentication>;
}

/** Credentials that nobody has to check. */
export interface Unsuitable {
  readonly kind: 'unsuitable';
  /** 400: what is offered contradicts the request. */
  readonly status: 400 | 401;
  /** For the error log; the path is added. */
  readonly text: string;
  readonly user?: string;
}

export type Authentication =
  | {
      readonly kind: 'granted';
      /** REMOTE_USER. */
      readonly user: string;
      /** The value of Authentication-Info. */
      readonly info?: string;
      readonly notice?: Notice;
      /** Anybody may come under this name. */
      readonly isGuest?: true;
    }
  | {
      readonly kind: 'refused';
      /** A stale attempt was right, and so is no failure of the user's. */
      readonly failure: 'wrong-password' | 'user-not-found' | 'stale';
      /** For the error log; the path is added. */
      readonly describe: (path: string) => string;
    }
  | Fault
  | Busy;

/** For the error log, at level info, though nothing is wrong. */
export interface Notice {
  readonly module: string;
  readonly text: string;
}

/** The credentials cannot be checked: the operator has to mend something. Module and text are for the error log. */
export interface Fault {
  readonly kind: 'fault';
  readonly module: string;
  readonly text: string;
}

/** Nothing was checked, since too much is asked. */
export interface Busy {
  readonly kind: 'busy';
  /** 429: by this client or for this user; 503: by all together. */
  readonly status: 429 | 503;
  readonly retryAfterSeconds: number;
  /** For the error log. */
  readonly text: string;
  /** Refusals for the same cause have the same: the log need not show each of them. */
  readonly subject?: string;
}

/** By the words of AuthType in lower case. */
export type Schemes = ReadonlyMap<string, Scheme>;
