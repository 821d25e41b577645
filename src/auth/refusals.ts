import type { DirectorySettings } from '../config/model.js';
import type { Facts } from './facts.js';
import type { AuthRequest, Verdict } from './index.js';
import type { Attempt, Authentication, Busy, ChallengeHints, Scheme, Unsuitable } from './scheme.js';

/** How one logs in somewhere. */
export interface Door {
  readonly kind: 'door';
  readonly scheme: Scheme;
  /** The value of WWW-Authenticate, fresh with each call. */
  readonly challenge: (hints?: ChallengeHints) => string;
}

type Refused = Extract<Verdict, { readonly kind: 'refused' }>;

/** What is missing or broken, so that nobody can be let in. */
export type AuthFault =
  | { readonly fault: 'no-require' }
  | { readonly fault: 'no-auth-type' }
  | { readonly fault: 'unknown-auth-type'; readonly authType: string }
  | { readonly fault: 'no-auth-name' | 'bad-auth-name'; readonly scheme: Scheme }
  | { readonly fault: 'provider'; readonly module: string; readonly text: string };

/** 403: no user could change that. `by`: whether Allow and Deny, Require or the access script said so. */
export function refuseForbidden(request: AuthRequest, by: keyof typeof forbidders, facts: Facts): Refused {
  const { module, code } = forbidders[by];
  const why = facts.faults.map((fault) => `: ${fault}`).join('');
  const text = `${code}: client denied by server configuration: ${pathOf(request)}${why}`;
  return { kind: 'refused', status: 403, reason: { level: 'error', module, text } };
}

const forbidders = {
  hosts: { module: 'access_compat', code: 'AH01797' },
  require: { module: 'authz_core', code: 'AH01630' },
  script: { module: 'wsgi', code: 'WSGI0057' },
} as const;

/** Somebody has authenticated and may not enter: 401, or 403 by AuthzSendForbiddenOnFailure. */
export function refuseUser(
  request: AuthRequest,
  settings: DirectorySettings,
  door: Door,
  user: string,
  facts: Facts,
): Refused {
  const text = `AH01631: user ${user}: authorization failure for "${pathOf(request)}": ${facts.faults.join('; ')}`;
  const reason = { level: 'error', module: 'authz_core', text } as const;
  if (settings.sendForbiddenOnFailure === true) return { kind: 'refused', status: 403, user, reason };
  return { kind: 'refused', status: 401, challenge: door.challenge(), user, reason };
}

/** The credentials were checked, and are wrong or too old. */
export function refuseAttempt(
  request: AuthRequest,
  door: Door,
  { user }: Attempt,
  { failure, describe }: Extract<Authentication, { readonly kind: 'refused' }>,
): Refused {
  const challenge = door.challenge({ isStale: failure === 'stale' });
  const reason = {
    level: failure === 'stale' ? 'info' : 'error',
    module: door.scheme.module,
    text: describe(pathOf(request)),
  } as const;
  return { kind: 'refused', status: 401, challenge, user, reason };
}

/** Nobody has looked whether the credentials are right. */
export function refuseBusy({ user }: Attempt, { status, retryAfterSeconds, text }: Busy): Refused {
  const reason = { level: 'warn', module: 'auth_throttle', text } as const;
  return { kind: 'refused', status, retryAfterSeconds, user, ...(text === '' ? {} : { reason }) };
}

/** What is offered are no credentials of the scheme. */
export function refuseUnsuitable(
  request: AuthRequest,
  door: Door,
  { status, text, user }: Unsuitable,
): Refused {
  const reason = { level: 'error', module: door.scheme.module, text: `${text}: ${pathOf(request)}` } as const;
  const named = user === undefined ? {} : { user };
  if (status === 400) return { kind: 'refused', status, ...named, reason };
  return { kind: 'refused', status, challenge: door.challenge(), ...named, reason };
}

/** 500: the operator has to mend something. */
export function refuseMisconfigured(request: AuthRequest, fault: AuthFault, user?: string): Refused {
  const { module, text } = describeFault(fault, pathOf(request));
  const reason = { level: 'error', module, text } as const;
  return { kind: 'refused', status: 500, ...(user === undefined ? {} : { user }), reason };
}

function describeFault(fault: AuthFault, path: string): ReasonText {
  switch (fault.fault) {
    case 'no-require':
      return { module: 'authz_core', text: `AH01627: AuthType is set, but no Require for ${path}` };
    case 'no-auth-type':
      return { module: 'core', text: `AH00027: Require needs a user, but no AuthType is set for ${path}` };
    case 'unknown-auth-type':
      return { module: 'authn_core', text: `AH01796: AuthType ${fault.authType} is not supported: ${path}` };
    case 'no-auth-name':
      return {
        module: fault.scheme.module,
        text: `${nameCodes[fault.scheme.authType]}: need AuthName: ${path}`,
      };
    case 'bad-auth-name':
      return { module: fault.scheme.module, text: `AuthName holds control characters: ${path}` };
    case 'provider':
      return { module: fault.module, text: `${fault.text} (for ${path})` };
  }
}

const nameCodes = { Basic: 'AH01615', Digest: 'AH01781' } as const;

interface ReasonText {
  readonly module: string;
  readonly text: string;
}

/** The address asked for, without its query, which may hold secrets. */
function pathOf(request: AuthRequest): string {
  const environ = request.environ();
  for (let at = 0; at + 1 < environ.length; at += 2)
    if (environ[at] === 'REQUEST_URI') return environ[at + 1]?.split('?', 1)[0] ?? '';
  return '';
}
