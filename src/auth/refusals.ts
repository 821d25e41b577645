import type { DirectorySettings } from '../config/model.js';
import type { Facts } from './facts.js';
import type { AuthRequest, Verdict } from './index.js';

/** Why a request is sent back for (other) credentials. */
export type LoginFailure =
  | { readonly failure: 'wrong-scheme' }
  | { readonly failure: 'user-not-found' }
  | { readonly failure: 'wrong-password'; readonly why: string }
  | { readonly failure: 'not-authorised'; readonly why: string };

/** What is missing or broken, so that nobody can be let in. */
export type AuthFault =
  | { readonly fault: 'no-require' }
  | { readonly fault: 'no-auth-type' }
  | { readonly fault: 'unknown-auth-type'; readonly authType: string }
  | { readonly fault: 'no-auth-name' }
  | { readonly fault: 'bad-auth-name' }
  | { readonly fault: 'provider'; readonly module: string; readonly text: string };

/** 403: no user could change that. `by`: whether Allow and Deny or Require said so. */
export function refuseForbidden(request: AuthRequest, by: 'hosts' | 'require', facts: Facts): Verdict {
  const { module, code } = forbidders[by];
  const why = facts.faults.map((fault) => `: ${fault}`).join('');
  const text = `${code}: client denied by server configuration: ${pathOf(request)}${why}`;
  return { kind: 'refused', status: 403, reason: { level: 'error', module, text } };
}

const forbidders = {
  hosts: { module: 'access_compat', code: 'AH01797' },
  require: { module: 'authz_core', code: 'AH01630' },
} as const;

/** Somebody has authenticated and may not enter: 401, or 403 by AuthzSendForbiddenOnFailure. */
export function refuseUser(
  request: AuthRequest,
  settings: DirectorySettings,
  challenge: string,
  user: string,
  facts: Facts,
): Verdict {
  const failure = { failure: 'not-authorised', why: facts.faults.join('; ') } as const;
  if (settings.sendForbiddenOnFailure !== true) return refuseUnauthorized(request, challenge, user, failure);
  const { module, text } = describeFailure(failure, user, pathOf(request));
  return { kind: 'refused', status: 403, user, reason: { level: 'error', module, text } };
}

/** 401 with a fresh challenge. `user`: the name the client offered. */
export function refuseUnauthorized(
  request: AuthRequest,
  challenge: string,
  user: string | undefined,
  failure: LoginFailure,
): Verdict {
  const { module, text } = describeFailure(failure, user ?? '', pathOf(request));
  const reason = { level: 'error', module, text } as const;
  return { kind: 'refused', status: 401, challenge, ...(user === undefined ? {} : { user }), reason };
}

/** 500: the operator has to mend something. */
export function refuseMisconfigured(request: AuthRequest, fault: AuthFault, user?: string): Verdict {
  const { module, text } = describeFault(fault, pathOf(request));
  const reason = { level: 'error', module, text } as const;
  return { kind: 'refused', status: 500, ...(user === undefined ? {} : { user }), reason };
}

/** The phrases are those that log watchers such as fail2ban look for. */
function describeFailure(failure: LoginFailure, user: string, path: string): ReasonText {
  switch (failure.failure) {
    case 'wrong-scheme':
      return { module: 'auth_basic', text: `AH01614: client used wrong authentication scheme: ${path}` };
    case 'user-not-found':
      return { module: 'auth_basic', text: `AH01618: user ${user} not found: ${path}` };
    case 'wrong-password':
      return {
        module: 'auth_basic',
        text: `AH01617: user ${user}: authentication failure for "${path}": ${failure.why}`,
      };
    case 'not-authorised':
      return {
        module: 'authz_core',
        text: `AH01631: user ${user}: authorization failure for "${path}": ${failure.why}`,
      };
  }
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
      return { module: 'auth_basic', text: `AH01615: need AuthName: ${path}` };
    case 'bad-auth-name':
      return { module: 'auth_basic', text: `AuthName holds control characters: ${path}` };
    case 'provider':
      return { module: fault.module, text: `${fault.text} (for ${path})` };
  }
}

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
