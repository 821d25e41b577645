import type { DirectorySettings } from '../config/model.js';
import { authenticate, type Providers } from './authenticate.js';
import { formatChallenge } from './challenge.js';
import { type Credentials, parseCredentials } from './credentials.js';
import { createFileProvider } from './file-provider.js';
import { createGroupSources, type GroupSources } from './group-sources.js';
import type { Authorizer, AuthPorts, AuthRequest, Verdict } from './index.js';
import { refuseForbidden, refuseMisconfigured, refuseUnauthorized } from './refusals.js';
import { evaluateRequirement, type Facts } from './requirement.js';
import { createWsgiProvider } from './wsgi-provider.js';

/**
 * The one who decides for a front end: keeps what was read of password and group files and which passwords were
 * verified, so there should be one of them per process and configuration.
 */
export function createAuthorizer(ports: AuthPorts, providers = createProviders(ports)): Authorizer {
  const groupSources = createGroupSources(ports);
  return { decide: (request, settings) => decide(request, settings, providers, groupSources) };
}

/** By the words of AuthBasicProvider. */
function createProviders(ports: AuthPorts): Providers {
  return new Map([
    ['file', createFileProvider()],
    ['wsgi', createWsgiProvider(ports)],
  ]);
}

function decide(
  request: AuthRequest,
  settings: DirectorySettings,
  providers: Providers,
  groupSources: GroupSources,
): Verdict | Promise<Verdict> {
  if (settings.require === undefined) return decideWithoutRequirement(request, settings);

  const outcome = evaluateRequirement(settings.require, settings, { clientAddress: request.clientAddress });
  if (outcome === 'granted') return { kind: 'granted' };
  if (outcome !== 'needs-user') return refuseForbidden(request);

  const scheme = checkScheme(request, settings);
  if (typeof scheme !== 'string') return scheme;
  const challenge = scheme;

  if (request.authorization === undefined) return { kind: 'refused', status: 401, challenge };
  const credentials = parseCredentials(request.authorization);
  if (credentials === 'wrong-scheme')
    return refuseUnauthorized(request, challenge, undefined, { failure: 'wrong-scheme' });
  return admit(request, settings, credentials, challenge, providers, groupSources);
}

/** No Require anywhere is open to all, unless somebody meant to protect it. */
function decideWithoutRequirement(request: AuthRequest, settings: DirectorySettings): Verdict {
  if (authTypeOf(settings) === 'none') return { kind: 'granted' };
  return refuseMisconfigured(request, { fault: 'no-require' });
}

/** The challenge, or why nobody can authenticate here. */
function checkScheme(request: AuthRequest, settings: DirectorySettings): string | Verdict {
  const authType = authTypeOf(settings);
  if (authType === 'none') return refuseMisconfigured(request, { fault: 'no-auth-type' });
  if (authType !== 'basic')
    return refuseMisconfigured(request, { fault: 'unknown-auth-type', authType: settings.authType ?? '' });
  if (settings.authName === undefined) return refuseMisconfigured(request, { fault: 'no-auth-name' });
  return formatChallenge(settings.authName) ?? refuseMisconfigured(request, { fault: 'bad-auth-name' });
}

function authTypeOf(settings: DirectorySettings): string {
  return settings.authType?.toLowerCase() ?? 'none';
}

/** Who is it, and may that one enter? Every attempt to log in passes here once, with its outcome. */
async function admit(
  request: AuthRequest,
  settings: DirectorySettings,
  credentials: Credentials,
  challenge: string,
  providers: Providers,
  groupSources: GroupSources,
): Promise<Verdict> {
  const answer = await authenticate(request, settings, credentials, providers);
  if (answer.kind === 'fault')
    return refuseMisconfigured(
      request,
      { fault: 'provider', module: answer.module, text: answer.text },
      credentials.user,
    );
  if (answer.kind === 'refused') return refuseUnauthorized(request, challenge, credentials.user, answer);

  const membership = await authorize(request, settings, answer.user, groupSources);
  if (membership.granted) return { kind: 'granted', user: answer.user, authType: 'Basic' };
  return refuseUnauthorized(request, challenge, answer.user, {
    failure: 'not-authorised',
    why: membership.why,
  });
}

/** Asks for groups only when the Require tree comes to them, and for each kind once. */
async function authorize(
  request: AuthRequest,
  settings: DirectorySettings,
  user: string,
  groupSources: GroupSources,
): Promise<{ readonly granted: boolean; readonly why: string }> {
  const why: string[] = [];
  let facts: Facts = { clientAddress: request.clientAddress, user };
  while (settings.require !== undefined) {
    const outcome = evaluateRequirement(settings.require, settings, facts);
    if (outcome !== 'ask-group-file' && outcome !== 'ask-group-script')
      return { granted: outcome === 'granted', why: why.join('; ') };
    const source = outcome === 'ask-group-file' ? groupSources.file : groupSources.script;
    const groups = await source(request, settings, user);
    if (groups.kind === 'fault') why.push(groups.text);
    const known = groups.kind === 'fault' ? 'fault' : groups.names;
    facts =
      outcome === 'ask-group-file' ? { ...facts, fileGroups: known } : { ...facts, scriptGroups: known };
  }
  return { granted: false, why: '' };
}
