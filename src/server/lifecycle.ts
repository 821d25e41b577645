/** One request's way, on one page. Each step returns a value or a refusal; nobody calls back. */

import type { AuthRequest, Verdict } from '../auth/index.js';
import { evaluateText } from '../expressions/index.js';
import { cleanPath, encodeLocation, toByteString } from '../http/index.js';
import { PatternTooSlow } from '../matching/index.js';
import { showMade } from '../rewriting/index.js';
import type { AskCondition, Mapping, Redirection, Rewritten, Route } from '../routing/index.js';
import { changeHeadersEarly, changeRequestHeaders } from './change-headers.js';
import { checkHead } from './check-head.js';
import { buildAuthEnviron } from './environ.js';
import { applyEnvironmentRules, obeyEnvironment } from './environment-rules.js';
import { answerPage, answerRefusal, keptHeaders, selectErrorDocument } from './error-answer.js';
import { Exchange } from './exchange.js';
import { askExchange, createSubject } from './expression-subject.js';
import { fakeCredentials } from './fake-credentials.js';
import { answerOtherMethods } from './file-methods.js';
import { findClient } from './find-client.js';
import { findIndex, isThere } from './find-index.js';
import type { UnreadableRequest } from './listener.js';
import { beginLookAhead, lookAhead } from './look-ahead.js';
import { refuseMethod } from './refuse-method.js';
import type { RequestRecord } from './request-record.js';
import {
  type AskAhead,
  type DirectoryRewrite,
  rewriteInDirectory,
  rewriteInServer,
  type ServerRewrite,
} from './rewrite-request.js';
import { type Served, serveApplication } from './serve-application.js';
import { serveStaticFile } from './serve-file.js';
import { serveProxied } from './serve-proxied.js';
import { answerWithoutRoute } from './server-methods.js';
import { type Refusal, refuse, type Site } from './site.js';
import { checkTlsAccess, exportTls, findAuthorization, judgeOf, nameCertifiedUser } from './tls-access.js';

/** Serves one request and returns what was found out about it; the promise never rejects. */
export function serveRequest(record: RequestRecord, site: Site): Promise<Exchange> {
  return conclude(new Exchange(record, site), answer);
}

/** Answers what was no request, as a refusal of one: with ErrorDocument, Header always and a line in the access log. */
export async function refuseUnreadable(
  { record, status, reason, hint }: UnreadableRequest,
  site: Site,
): Promise<void> {
  await conclude(new Exchange(record, site), async () => ({
    ...refuse(status, 'core', reason, 'info'),
    ...(hint === undefined
      ? {}
      : { hint: 'This port speaks HTTPS: use an address that begins with https://.' }),
  }));
}

/** undefined: answered. */
type Outcome = Refusal | undefined;

async function conclude(
  exchange: Exchange,
  decide: (exchange: Exchange) => Outcome | Promise<Outcome>,
): Promise<Exchange> {
  const { record } = exchange;
  try {
    const decided = decide(exchange);
    const refusal = decided instanceof Promise ? await decided : decided;
    if (refusal !== undefined) await answerRefused(exchange, refusal);
  } catch (error) {
    // A bug of ours, but for patterns: the log learns the cause, the client that something went wrong.
    if (error instanceof PatternTooSlow) exchange.log('error', 'core', `answered 500: ${error.message}`);
    else logBug(exchange, error);
    if (record.reply.isStarted) record.reply.cut();
    else answerBug(exchange);
  }
  return exchange;
}

/** What failed may belong to the page, too (Header always): better no answer than a client that waits for one. */
function answerBug(exchange: Exchange): void {
  try {
    answerPage(exchange, { kind: 'refusal', status: 500 });
  } catch (error) {
    logBug(exchange, error);
    exchange.record.reply.cut();
  }
}

function logBug(exchange: Exchange, error: unknown): void {
  exchange.log('crit', 'core', `internal error: ${(error as Error).stack ?? String(error)}`);
}

function answer(exchange: Exchange): Outcome | Promise<Outcome> {
  const malformed = checkHead(exchange);
  if (malformed !== undefined) return malformed;
  const unsettled =
    changeHeadersEarly(exchange) ??
    findClient(exchange) ??
    applyEnvironmentRules(exchange, exchange.virtualHost.environmentRules);
  if (unsettled !== undefined) return unsettled;
  const early = answerWithoutRoute(exchange);
  if (early !== 'continue') return early;
  return answerPath(exchange, exchange.path as string, 0);
}

/** `depth`: how many indexes and fallbacks led here. */
function answerPath(exchange: Exchange, path: string, depth: number): Outcome | Promise<Outcome> {
  const limit = exchange.virtualHost.settings.internalRecursion.subrequests;
  if (depth > limit)
    return refuse(500, 'core', `more than ${limit} indexes in a row (LimitInternalRecursion)`);
  const { site } = exchange;
  exchange.path = path;
  if (depth > 0) site.trace?.({ stage: 'mapping', text: `answers ${path} in its place` });
  const decided = decidePath(exchange, path, depth > 0);
  return decided instanceof Promise
    ? decided.then((made) => answerDecided(exchange, made, depth))
    : answerDecided(exchange, decided, depth);
}

function answerDecided(
  exchange: Exchange,
  decided: Refusal | Decided,
  depth: number,
): Outcome | Promise<Outcome> {
  if (decided.kind === 'refusal') return decided;
  const { site } = exchange;
  const { route } = decided;
  // As late as in httpd: what SetEnv says is no ground for access.
  if (route.settings.environment !== undefined) exchange.environment.addSettings(route.settings.environment);
  exportTls(exchange);
  obeyEnvironment(exchange);
  const unfaked = fakeCredentials(exchange);
  if (unfaked !== undefined) return unfaked;
  const redirection = site.router.findSectionRedirect(route.settings, exchange.path as string);
  if (redirection !== undefined) return redirect(exchange, redirection);
  if (decided.elsewhere !== undefined && !lacksSlash(exchange, route))
    return rewriteElsewhere(exchange, decided.elsewhere);
  const changed = leadsElsewhere(route) ? undefined : changeRequestHeaders(exchange);
  return changed ?? serveMapping(exchange, route, depth);
}

/** An index or a fallback is a request of its own: no rule shall count twice. */
function leadsElsewhere({ mapping, settings }: Route): boolean {
  return (
    mapping.kind === 'directory' ||
    (mapping.kind === 'missing' && mapping.handled === undefined && settings.fallbackResource !== undefined)
  );
}

/** What answers a path, when it is settled that it may. `elsewhere`: the path, and perhaps a query, that rules put in its place. */
interface Decided {
  readonly kind: 'decided';
  readonly route: Route;
  readonly elsewhere?: string;
}

type Decision = Refusal | Decided;

/** `filename`: in the place of what the path is mapped to; rules outside sections are not asked then. */
function decidePath(
  exchange: Exchange,
  path: string,
  isSubrequest: boolean,
  filename?: string,
): Decision | Promise<Decision> {
  // Who has logged in for the path that led here may be another one here: not to be seen while that is decided.
  const { user, authType } = exchange;
  const before: Authenticated | undefined = isSubrequest ? { user, authType } : undefined;
  exchange.user = undefined;
  exchange.authType = undefined;
  const rewritten =
    filename === undefined
      ? rewriteInServer(exchange, path, isSubrequest, askAhead)
      : { kind: 'go-on' as const, path, filename };
  // Nothing that is known already is waited for: most requests pass all of this in one turn of the event loop.
  return rewritten instanceof Promise
    ? rewritten.then((made) => enterPath(exchange, made, before))
    : enterPath(exchange, rewritten, before);
}

type Authenticated = Pick<Exchange, 'user' | 'authType'>;

/** `before`: of a subrequest, who has logged in for the path that led here. */
function enterPath(
  exchange: Exchange,
  rewritten: ServerRewrite,
  before: Authenticated | undefined,
): Decision | Promise<Decision> {
  if (rewritten.kind === 'refusal') return rewritten;
  exchange.path = rewritten.path;
  const route = routeExchange(exchange, rewritten);
  exchange.route = route;
  if (route.mapping.kind === 'redirect') return redirect(exchange, route.mapping);
  // Logged where it was found out.
  if (route.fault !== undefined) return { kind: 'refusal', status: 500 };
  if (route.refusal !== undefined)
    return refuse(route.refusal.status, 'core', route.refusal.reason, route.refusal.level);
  exchange.environment.addList(route.variables);
  const unsettled = applyEnvironmentRules(exchange, route.settings.environmentRules ?? []);
  if (unsettled !== undefined) return unsettled;
  const denied = refuseMethod(exchange, route.settings) ?? authorise(exchange, route);
  return denied instanceof Promise
    ? denied.then((made) => made ?? rewriteEntered(exchange, route, rewritten, before))
    : (denied ?? rewriteEntered(exchange, route, rewritten, before));
}

/** Whoever asks may enter. */
function rewriteEntered(
  exchange: Exchange,
  route: Route,
  rewritten: GoingOn,
  before: Authenticated | undefined,
): Decision | Promise<Decision> {
  // Where nobody has to log in, an index or a fallback is still for whom it was before (as httpd).
  if (before !== undefined && exchange.user === undefined) Object.assign(exchange, before);
  const inDirectory = rewriteInDirectory(exchange, route, before !== undefined, askAhead);
  return inDirectory instanceof Promise
    ? inDirectory.then((made) => settleRoute(exchange, route, rewritten, made))
    : settleRoute(exchange, route, rewritten, inDirectory);
}

type GoingOn = Extract<ServerRewrite, { kind: 'go-on' }>;

function settleRoute(
  exchange: Exchange,
  route: Route,
  rewritten: GoingOn,
  inDirectory: DirectoryRewrite,
): Decision {
  if (inDirectory.kind === 'refusal') return inDirectory;
  if (inDirectory.kind === 'passed-on') {
    exchange.route = { ...route, mapping: inDirectory.mapping };
    return { kind: 'decided', route: exchange.route };
  }
  if (inDirectory.kind === 'elsewhere') return { kind: 'decided', route, elsewhere: inDirectory.target };
  if (inDirectory.forced === undefined) return { kind: 'decided', route };
  const forced = { ...rewritten.forced, ...inDirectory.forced };
  exchange.route = routeExchange(exchange, { ...rewritten, forced });
  return { kind: 'decided', route: exchange.route };
}

const askAhead: AskAhead = (...asked) => lookAhead(...asked, decidePath);

/** Whether rules make something of a path that could be answered. */
async function leadsSomewhere(exchange: Exchange, path: string): Promise<boolean> {
  const ahead = beginLookAhead(exchange);
  const decided = await decidePath(ahead, path, true);
  if (decided.kind === 'refusal') return decided.status < 400;
  // What rules of its directory make of an index is not asked (as httpd).
  if (decided.elsewhere !== undefined) return false;
  const { mapping } = decided.route;
  return isThere(mapping) || lacksSlash(ahead, decided.route);
}

/** DirectorySlash goes before what rules make of a directory. */
function lacksSlash({ path = '' }: Exchange, { mapping, settings }: Route): boolean {
  return mapping.kind === 'directory' && !path.endsWith('/') && settings.directorySlash !== false;
}

function serveMapping(exchange: Exchange, route: Route, depth: number): Outcome | Promise<Outcome> {
  const { mapping } = route;
  switch (mapping.kind) {
    case 'redirect':
      return redirect(exchange, mapping);
    case 'script': {
      exchange.handler = mapping.handled?.name ?? 'wsgi-script';
      exchange.filename = mapping.handled?.filename ?? mapping.scriptFile;
      return serveScript(exchange, mapping);
    }
    case 'proxied':
      return servePassed(exchange, mapping);
    case 'file':
      return serveStaticFile(exchange, mapping);
    case 'directory':
      return serveDirectory(exchange, route, mapping, depth);
    case 'missing': {
      exchange.filename = mapping.filename;
      if (mapping.handled !== undefined) return servePassed(exchange, mapping.handled);
      const fallback = toByteString(route.settings.fallbackResource ?? '');
      if (fallback !== '' && fallback !== exchange.path && mapping.isScript === undefined)
        return answerPath(exchange, fallback, depth + 1);
      const other = answerOtherMethods(exchange);
      return other === 'serve' ? refuseMissing(mapping) : other;
    }
    case 'forbidden':
      exchange.filename = mapping.filename;
      return refuse(403, 'core', `${mapping.reason}: ${mapping.filename}`);
  }
}

function serveScript(exchange: Exchange, mapping: MappingTo<'script'>): Outcome | Promise<Outcome> {
  const served = serveApplication(exchange, mapping);
  return served instanceof Promise
    ? served.then((made) => resendIfWanted(exchange, made))
    : resendIfWanted(exchange, served);
}

function resendIfWanted(exchange: Exchange, served: Served): Outcome | Promise<Outcome> {
  return served?.kind === 'resend' ? resend(exchange, served.target) : served;
}

async function servePassed(exchange: Exchange, mapping: MappingTo<'proxied'>): Promise<Outcome> {
  const outcome = await serveProxied(exchange, mapping);
  return outcome?.kind === 'resend' ? resend(exchange, outcome.target) : outcome;
}

async function serveDirectory(
  exchange: Exchange,
  { settings }: Route,
  mapping: MappingTo<'directory'>,
  depth: number,
): Promise<Outcome> {
  const index = await findIndex(exchange, mapping, (path) => leadsSomewhere(exchange, path));
  const status = settings.directoryIndexRedirect ?? 0;
  if (index?.kind === 'index' && status !== 0)
    return redirect(exchange, { status, location: encodeLocation(index.path), takesQuery: false });
  if (index?.kind === 'script' || index?.kind === 'proxied') {
    const changed = changeRequestHeaders(exchange);
    return changed ?? serveMapping(exchange, { ...(exchange.route as Route), mapping: index }, depth);
  }
  // An index is a request of its own: sections and Require may differ from the directory's.
  return index?.kind === 'index' ? answerPath(exchange, index.path, depth + 1) : index;
}

type MappingTo<Kind> = Extract<Mapping, { readonly kind: Kind }>;

/** As Apache and mod_wsgi: what visitors mistype is noted at info, a mount that leads nowhere is an error. */
function refuseMissing({ filename, reason, isScript }: Extract<Mapping, { kind: 'missing' }>): Refusal {
  const text = filename === '' ? reason : `${reason}: ${filename}`;
  return isScript ? refuse(404, 'wsgi', text) : refuse(404, 'core', text, 'info');
}

function routeExchange(exchange: Exchange, rewritten: Rewritten & { readonly path: string }): Route {
  const { site, virtualHost } = exchange;
  const ask: AskCondition = (condition, found, position) =>
    askExchange(exchange, condition, { found }, 'core', position);
  return site.router.route(virtualHost, rewritten.path, ask, rewritten);
}

/** Answers at once where nobody has to be asked. */
function authorise(exchange: Exchange, route: Route): Refusal | undefined | Promise<Refusal | undefined> {
  const { record, site } = exchange;
  const insecure = checkTlsAccess(exchange, route.settings);
  if (insecure !== undefined) return insecure;
  const authorization = findAuthorization(exchange);
  if (typeof authorization === 'object') return authorization;
  if (site.authorizer.isOpen(route.settings)) return takeVerdict(exchange, granted);
  const verification = judgeOf(exchange);
  const request: AuthRequest = {
    method: exchange.method,
    // Put together when AuthType Digest asks.
    get sent() {
      return exchange.sent;
    },
    authorization,
    clientAddress: exchange.clientAddress,
    localAddress: record.connection.localAddress,
    environ: () => buildAuthEnviron(exchange),
    environment: (name) => exchange.environment.get(name),
    holds: (condition, user, position) => askExchange(exchange, condition, { user }, 'authz_core', position),
  };
  const tls = verification && { isClientVerified: verification.kind === 'success' };
  const verdict = site.authorizer.decide(tls === undefined ? request : { ...request, tls }, route.settings);
  return verdict instanceof Promise
    ? verdict.then((found) => takeVerdict(exchange, found))
    : takeVerdict(exchange, verdict);
}

const granted: Verdict = { kind: 'granted' };

function takeVerdict(exchange: Exchange, verdict: Verdict): Refusal | undefined {
  exchange.user = verdict.user;
  exchange.authType = verdict.kind === 'granted' ? verdict.authType : undefined;
  if (exchange.user === undefined) nameCertifiedUser(exchange);
  exchange.authInfo = verdict.kind === 'granted' ? verdict.info : undefined;
  if (verdict.kind === 'refused') return refuseVerdict(verdict);
  if (verdict.notice !== undefined) exchange.log('info', verdict.notice.module, verdict.notice.text);
  return undefined;
}

function refuseVerdict(verdict: Extract<Verdict, { readonly kind: 'refused' }>): Refusal {
  const { challenge, retryAfterSeconds } = verdict;
  const headers = [
    ...(challenge === undefined ? [] : ['WWW-Authenticate', challenge]),
    ...(retryAfterSeconds === undefined ? [] : ['Retry-After', String(retryAfterSeconds)]),
  ];
  return {
    kind: 'refusal',
    status: verdict.status,
    ...(verdict.reason === undefined ? {} : { log: verdict.reason }),
    ...(headers.length === 0 ? {} : { headers }),
  };
}

function redirect(exchange: Exchange, redirection: Omit<Redirection, 'position'>): Refusal {
  const { status, expression, location, takesQuery } = redirection;
  if (expression !== undefined) return redirectTo(exchange, status, expression);
  if (location === undefined) return { kind: 'refusal', status };
  const query = takesQuery && exchange.query !== '' ? `?${exchange.query}` : '';
  const needsOrigin = location.startsWith('/') && exchange.settings.redirectRelative !== true;
  const url = (needsOrigin ? exchange.origin : '') + location + query;
  return { kind: 'refusal', status, headers: ['Location', url] };
}

/** What comes of the expression has to be a URL or a path, whoever sent the parts of it. */
function redirectTo(
  exchange: Exchange,
  status: number,
  expression: NonNullable<Redirection['expression']>,
): Refusal {
  const made = evaluateText(expression, createSubject(exchange));
  if (made.kind === 'fault')
    return refuse(500, 'alias', `the URL of Redirect cannot be made: ${made.reason}`);
  if (!/^([a-z][a-z0-9+.-]*:|\/)/i.test(made.text))
    return refuse(500, 'alias', `Redirect makes no URL: ${made.text}`);
  const location = encodeLocation(made.text);
  return redirect(exchange, { status, location, takesQuery: !location.includes('?') });
}

/** An application asks for another path to be answered in place of its own, by the rules of that path. */
async function resend(exchange: Exchange, target: string): Promise<Refusal | undefined> {
  const looped = refuseLoop(exchange);
  if (looped !== undefined) return looped;
  exchange.beginRedirect(200);
  return answerTarget(exchange, target);
}

/** Rules want the request, as it is, to be answered for another path, by the rules of that path. */
async function rewriteElsewhere(exchange: Exchange, target: string): Promise<Refusal | undefined> {
  const looped = refuseLoop(exchange);
  if (looped !== undefined) return looped;
  exchange.site.trace?.({ stage: 'rewrite', text: `answers ${showTarget(exchange, target)} in its place` });
  exchange.beginRewrite();
  return answerTarget(exchange, target);
}

/** Rules may have made it of what nobody should read. */
function showTarget({ rewriteHoldsSecret }: Exchange, target: string): string {
  return showMade(target, { holdsSecret: rewriteHoldsSecret });
}

function refuseLoop({ redirects, virtualHost }: Exchange): Refusal | undefined {
  const limit = virtualHost.settings.internalRecursion.redirects;
  if (redirects < limit) return undefined;
  return refuse(500, 'core', `more than ${limit} internal redirects in a row (LimitInternalRecursion)`);
}

/** `target`: a path and perhaps a query, as a client would write them. */
async function answerTarget(exchange: Exchange, target: string): Promise<Refusal | undefined> {
  const cleaned = cleanPath(target, exchange.virtualHost.settings);
  if (cleaned.kind === 'refusal')
    return refuse(
      cleaned.status,
      'core',
      `internal redirect to ${showTarget(exchange, target)}: ${cleaned.reason}`,
    );
  exchange.rawPath = cleaned.rawPath;
  exchange.query = cleaned.query;
  exchange.path = cleaned.path;
  exchange.site.trace?.({ stage: 'request', text: `internal redirect to ${showTarget(exchange, target)}` });
  const unsettled = applyEnvironmentRules(exchange, exchange.virtualHost.environmentRules);
  return unsettled ?? answerPath(exchange, cleaned.path, 0);
}

/** The answer to a request that is refused: ErrorDocument's, or the server's own page. */
async function answerRefused(exchange: Exchange, refusal: Refusal): Promise<void> {
  logRefusal(exchange, refusal);
  // Who speaks plain HTTP to a virtual host with TLS gets nothing of it, not even its pages of errors.
  const document =
    refusal.hint === undefined
      ? selectErrorDocument(exchange, refusal.status)
      : ({ kind: 'default' } as const);
  if (document.kind !== 'path') {
    answerRefusal(exchange, refusal, document);
    return;
  }
  exchange.beginRedirect(refusal.status, keptHeaders(refusal));
  const second = await answerTarget(exchange, toTarget(document.path));
  if (second === undefined) return;
  logRefusal(exchange, second);
  answerPage(exchange, refusal, second.status);
}

/** The site file is Unicode, targets are bytes that a URL may hold. */
function toTarget(path: string): string {
  return encodeLocation(toByteString(path));
}

function logRefusal(exchange: Exchange, { log }: Refusal): void {
  if (log !== undefined) exchange.log(log.level, log.module, log.text);
}
