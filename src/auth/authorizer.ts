import { createHmac, randomBytes } from 'node:crypto';
import type { DirectorySettings, Requirement } from '../config/model.js';
import { createAnonProvider } from './anon-provider.js';
import type { Providers } from './authenticate.js';
import { createBasicScheme } from './basic-scheme.js';
import { type CredentialCache, createCredentialCache } from './credential-cache.js';
import { createMemoryStore } from './credential-store.js';
import { createNonces } from './digest-nonce.js';
import { createDigestScheme } from './digest-scheme.js';
import { createFactFinder, type FactFinder } from './fact-finder.js';
import { type Facts, isQuestion, type Question, readFacts } from './facts.js';
import { createFileProvider } from './file-provider.js';
import { evaluateHostAccess, orderOf, satisfyOf } from './host-access.js';
import { createHostNames, type HostNames } from './host-names.js';
import type { Authorizer, AuthPorts, AuthRequest, Verdict } from './index.js';
import { createLoginGuard, type LoginGuard } from './login-guard.js';
import { createNonceCounter } from './nonce-counter.js';
import type { PasswordVerifier } from './password-verifier.js';
import { realmOf } from './realm.js';
import { createRealmHashSources } from './realm-hashes.js';
import {
  type Door,
  refuseAttempt,
  refuseBusy,
  refuseForbidden,
  refuseMisconfigured,
  refuseUnsuitable,
  refuseUser,
} from './refusals.js';
import { evaluateRequirement, isAlwaysGranted, type Outcome } from './requirement.js';
import type { Attempt, Schemes } from './scheme.js';
import type { Witness } from './witness.js';
import { createWsgiProvider } from './wsgi-provider.js';

/**
 * The one who decides for a front end: keeps what was read of password and group files, which passwords were verified and
 * which names clients have, so there should be one of them per process and configuration. `witness` is told every judgement.
 */
export function createAuthorizer(
  ports: AuthPorts,
  schemes: Schemes = createSchemes({ ports }),
  hostNames: HostNames = createHostNames(),
  witness?: Witness,
  guard: LoginGuard = createLoginGuard(),
): Authorizer {
  const tools: Tools = { schemes, findOut: createFactFinder(ports, hostNames), guard };
  return {
    // A witness wants to hear of each step.
    isOpen: (settings) => witness === undefined && isOpen(settings),
    decide: (request, settings) => decide({ request, settings }, readFacts(request, witness), tools),
  };
}

function isOpen(settings: DirectorySettings): boolean {
  const { accessScript, hostAccess, require } = settings;
  if (accessScript !== undefined || hostAccess !== undefined) return false;
  return require === undefined ? authTypeOf(settings) === 'none' : isAlwaysGranted(require);
}

/** What schemes are made of. */
export interface SchemeMeans {
  readonly ports: AuthPorts;
  readonly providers?: Providers;
  /** The same for all who serve the same clients, so that one takes the nonces of the other. */
  readonly secret?: Uint8Array;
  /** Is told what each provider answers. */
  readonly witness?: Witness | undefined;
}

/** Every AuthType that is carried out. */
export function createSchemes(means: SchemeMeans): Schemes {
  const { ports, providers = createProviders(ports), secret = randomBytes(32), witness } = means;
  const sources = createRealmHashSources(ports);
  const now = Date.now;
  // Of the secret's other uses none is the same.
  const nonces = createNonces(createHmac('sha256', secret).update('nonces of AuthType Digest').digest(), now);
  const counter = createNonceCounter(now());
  return new Map([
    ['basic', createBasicScheme(providers, sources, witness)],
    ['digest', createDigestScheme({ sources, nonces, counter, now, witness })],
  ]);
}

/** By the words of AuthBasicProvider. */
export function createProviders(
  ports: AuthPorts,
  verifier?: PasswordVerifier,
  cache: CredentialCache = createCredentialCache(createMemoryStore(), randomBytes(32)),
): Providers {
  return new Map([
    ['file', cache.remembering('file', createFileProvider(verifier))],
    ['wsgi', cache.remembering('wsgi', createWsgiProvider(ports))],
    ['anon', createAnonProvider()],
    ['socache', cache.provider],
  ]);
}

interface Tools {
  readonly schemes: Schemes;
  readonly findOut: FactFinder;
  readonly guard: LoginGuard;
}

/** What is to be decided. */
interface Case {
  readonly request: AuthRequest;
  readonly settings: DirectorySettings;
}

/** Goes on without waiting as long as nothing has to be found out. */
function decide(asked: Case, facts: Facts, tools: Tools): Verdict | Promise<Verdict> {
  const answer = decideWithoutUser(asked, facts);
  if (isQuestion(answer)) return decideLater(asked, facts, tools, answer);
  return answer === 'needs-user' ? logIn(asked, facts, tools) : answer;
}

async function decideLater(asked: Case, facts: Facts, tools: Tools, question: Question): Promise<Verdict> {
  facts.witness?.({ kind: 'question', question });
  return await decide(asked, await tools.findOut(question, facts, asked.request, asked.settings), tools);
}

/** First where the client comes from (Order, Allow, Deny), then what is required; under `Satisfy Any` one of them is enough. */
function decideWithoutUser({ request, settings }: Case, facts: Facts): Verdict | 'needs-user' | Question {
  const { accessScript, hostAccess, require } = settings;
  if (accessScript !== undefined) {
    if (facts.scriptAccess === undefined) return 'ask-access-script';
    facts.witness?.({ kind: 'access-script', script: accessScript, outcome: facts.scriptAccess });
    if (facts.scriptAccess !== 'granted') return refuseForbidden(request, 'script', facts);
  }
  if (hostAccess !== undefined) {
    const access = evaluateHostAccess(hostAccess, facts);
    if (isQuestion(access)) return access;
    const satisfy = satisfyOf(hostAccess, request.method);
    const order = orderOf(hostAccess, request.method);
    facts.witness?.({ kind: 'host-access', order, satisfy, outcome: access });
    if (access === 'granted' && satisfy === 'any') return { kind: 'granted' };
    // httpd lets everybody in where the other half of `Satisfy Any` is missing: nobody means that.
    const isLastWord = satisfy === 'all' || (require === undefined && authTypeOf(settings) === 'none');
    if (access === 'denied' && isLastWord) return refuseForbidden(request, 'hosts', facts);
  }
  if (require === undefined) return decideWithoutRequirement(request, settings);
  const outcome = judge(require, settings, facts);
  if (outcome === 'granted') return { kind: 'granted' };
  return outcome === 'needs-user' || isQuestion(outcome)
    ? outcome
    : refuseForbidden(request, 'require', facts);
}

function judge(requirement: Requirement, settings: DirectorySettings, facts: Facts): Outcome {
  const outcome = evaluateRequirement(requirement, settings, facts);
  const { user } = facts;
  if (!isQuestion(outcome)) facts.witness?.({ kind: 'requirements', requirement, outcome, user });
  return outcome;
}

/** No Require anywhere is open to all, unless somebody meant to protect it. */
function decideWithoutRequirement(request: AuthRequest, settings: DirectorySettings): Verdict {
  if (authTypeOf(settings) === 'none') return { kind: 'granted' };
  return refuseMisconfigured(request, { fault: 'no-require' });
}

/** Whoever has to log in passes here once. */
function logIn(asked: Case, facts: Facts, tools: Tools): Verdict | Promise<Verdict> {
  const { request, settings } = asked;
  const door = findDoor(asked, tools);
  if (door.kind === 'refused') return door;

  if (request.authorization === undefined) {
    facts.witness?.({ kind: 'challenge', authType: door.scheme.authType, settings });
    return { kind: 'refused', status: 401, challenge: door.challenge() };
  }
  const attempt = door.scheme.readAttempt(request, settings, request.authorization);
  if (attempt.kind === 'unsuitable') return refuseUnsuitable(request, door, attempt);
  return admit(asked, facts, tools, attempt, door);
}

/** How one logs in here, or why nobody can. */
function findDoor({ request, settings }: Case, { schemes }: Tools): Door | (Verdict & { kind: 'refused' }) {
  const authType = authTypeOf(settings);
  if (authType === 'none') return refuseMisconfigured(request, { fault: 'no-auth-type' });
  const scheme = schemes.get(authType);
  if (scheme === undefined)
    return refuseMisconfigured(request, { fault: 'unknown-auth-type', authType: settings.authType ?? '' });
  if (settings.authName === undefined) return refuseMisconfigured(request, { fault: 'no-auth-name', scheme });
  const realm = realmOf(settings.authName);
  if (realm === undefined) return refuseMisconfigured(request, { fault: 'bad-auth-name', scheme });
  return { kind: 'door', scheme, challenge: (hints) => scheme.challenge(realm, settings, hints) };
}

function authTypeOf(settings: DirectorySettings): string {
  return settings.authType?.toLowerCase() ?? 'none';
}

/** Who is it, and may that one enter? Every attempt to log in passes here once. */
async function admit(
  { request, settings }: Case,
  facts: Facts,
  tools: Tools,
  attempt: Attempt,
  door: Door,
): Promise<Verdict> {
  const answer = await tools.guard.check(request, settings, attempt);
  if (answer.kind === 'busy') return refuseBusy(attempt, answer);
  if (answer.kind === 'fault')
    return refuseMisconfigured(
      request,
      { fault: 'provider', module: answer.module, text: answer.text },
      attempt.user,
    );
  if (answer.kind === 'refused') return refuseAttempt(request, door, attempt, answer);

  const { user, info, notice } = answer;
  const decision = await authorize({ request, settings }, { ...facts, user }, tools);
  if (!decision.isGranted) return refuseUser(request, settings, door, user, decision.facts);
  const { authType } = door.scheme;
  return {
    kind: 'granted',
    user,
    authType,
    ...(info === undefined ? {} : { info }),
    ...(notice === undefined ? {} : { notice }),
  };
}

/** Finds out facts only when the Require tree comes to them, and each once. */
async function authorize(
  { request, settings }: Case,
  known: Facts,
  { findOut }: Tools,
): Promise<{ readonly isGranted: boolean; readonly facts: Facts }> {
  let facts = known;
  while (settings.require !== undefined) {
    const outcome = judge(settings.require, settings, facts);
    if (!isQuestion(outcome)) return { isGranted: outcome === 'granted', facts };
    facts.witness?.({ kind: 'question', question: outcome });
    facts = await findOut(outcome, facts, request, settings);
  }
  return { isGranted: false, facts };
}
