import { statSync } from 'node:fs';
import type { DirectorySettings } from '../config/model.js';
import {
  dropTrailingSlashes,
  encodeByte,
  encodeLocation,
  encodePath,
  encodeRedirectPath,
  mergeSlashes,
  toByteString,
  toFilePath,
} from '../http/index.js';
import {
  applyRules,
  joinQuery,
  type LookAhead,
  type LookAheadKind,
  type RewriteEffects,
  type RewriteOutcome,
  type RewriteRequest,
  type RewriteSettings,
  showMade,
} from '../rewriting/index.js';
import {
  type ForcedSettings,
  isClimbing,
  type ProxiedMapping,
  type Route,
  settleOptions,
} from '../routing/index.js';
import type { Exchange } from './exchange.js';
import { createRewriteSubject } from './rewrite-subject.js';
import { type Refusal, refuse } from './site.js';

/** Finds out what a request for another path would meet. */
export type AskAhead = (exchange: Exchange, what: LookAheadKind, path: string) => Promise<LookAhead>;

/** What the rules outside every section made of a path. */
export type ServerRewrite =
  | Refusal
  | {
      readonly kind: 'go-on';
      /** What is mapped and compared with sections. */
      readonly path: string;
      /** In the place of what the path would be mapped to. */
      readonly filename?: string;
      /** Another server answers. */
      readonly proxied?: ProxiedMapping;
      readonly forced?: ForcedSettings;
    };

/** What the rules of the sections that matched made of what a path is mapped to. */
export type DirectoryRewrite =
  | Refusal
  | { readonly kind: 'go-on'; readonly forced?: ForcedSettings }
  /** Another server answers. */
  | { readonly kind: 'passed-on'; readonly mapping: ProxiedMapping }
  /** A path, and perhaps a query, as a client would write them. */
  | { readonly kind: 'elsewhere'; readonly target: string };

/** Rules outside every section: before Redirect, Alias and DocumentRoot. Answers at once where there are none. */
export function rewriteInServer(
  exchange: Exchange,
  path: string,
  isSubrequest: boolean,
  askAhead: AskAhead,
): ServerRewrite | Promise<ServerRewrite> {
  const settings = exchange.virtualHost.rewriting;
  if (settings?.engine !== true) return { kind: 'go-on', path };
  return applyServerRules(exchange, settings, path, isSubrequest, askAhead);
}

async function applyServerRules(
  exchange: Exchange,
  settings: RewriteSettings,
  path: string,
  isSubrequest: boolean,
  askAhead: AskAhead,
): Promise<ServerRewrite> {
  if (!isSubrequest) describeScriptUrl(exchange, path);
  if (!path.startsWith('/') && settings.options?.includes('AllowAnyURI') !== true)
    return { kind: 'go-on', path };
  const request = describeRequest(exchange, { name: path, pathInfo: '', isSubrequest });
  const outcome = await settle(exchange, settings, request, askAhead, (name) => name);
  switch (outcome.kind) {
    case 'refusal':
      return outcome;
    case 'unchanged':
      return { kind: 'go-on', path, ...force(outcome.effects) };
    case 'proxied': {
      const proxied = findServer(exchange, outcome);
      return proxied.kind === 'refusal' ? proxied : { kind: 'go-on', path, proxied };
    }
    case 'rewritten': {
      if (!outcome.passThrough)
        return { kind: 'go-on', path, filename: findFilename(exchange, outcome), ...force(outcome.effects) };
      if (/\/\.\.?(?:\/|$)/.test(outcome.target))
        return refuse(
          400,
          'rewrite',
          `the rules make a path with dot segments: ${showMade(outcome.target, outcome.effects)}`,
        );
      const made = exchange.virtualHost.settings.mergeSlashes ? mergeSlashes(outcome.target) : outcome.target;
      return { kind: 'go-on', path: made, ...force(outcome.effects) };
    }
  }
}

/** Rules of sections: when it is settled who may enter, and before anything is served. Answers at once where there are none. */
export function rewriteInDirectory(
  exchange: Exchange,
  route: Route,
  isSubrequest: boolean,
  askAhead: AskAhead,
): DirectoryRewrite | Promise<DirectoryRewrite> {
  const settings = route.settings.rewriting;
  if (settings === undefined) return goOn;
  return applyDirectoryRules(exchange, settings, route, isSubrequest, askAhead);
}

const goOn: DirectoryRewrite = { kind: 'go-on' };

async function applyDirectoryRules(
  exchange: Exchange,
  settings: RewriteSettings,
  route: Route,
  isSubrequest: boolean,
  askAhead: AskAhead,
): Promise<DirectoryRewrite> {
  const { mapping, accessed } = route;
  const applies =
    settings.engine === true &&
    settings.rules.length > 0 &&
    !exchange.rewritingEnded &&
    accessed.filename !== '' &&
    mapping.kind !== 'forbidden' &&
    mapping.kind !== 'redirect';
  if (!applies || isWithoutSlash(settings, route)) return { kind: 'go-on' };
  if (!mayFollowLinks(route.settings)) {
    const reason =
      'Options FollowSymLinks and SymLinksIfOwnerMatch are both off, which forbids RewriteRule, too';
    return refuse(403, 'rewrite', `${reason}: ${accessed.filename}`);
  }
  const toUrlPath = (name: string) => findUrlPath(exchange, settings, route, name);
  const { filename: name, pathInfo } = accessed;
  const request = describeRequest(exchange, { name, pathInfo, isSubrequest });
  const outcome = await settle(exchange, settings, request, askAhead, toUrlPath);
  if (outcome.kind === 'refusal') return outcome;
  if (outcome.kind === 'proxied') {
    const mapping = findServer(exchange, outcome);
    return mapping.kind === 'refusal' ? mapping : { kind: 'passed-on', mapping };
  }
  if (outcome.kind === 'unchanged' || outcome.target === name)
    return { kind: 'go-on', ...force(outcome.effects) };
  const path = toUrlPath(outcome.target);
  if (path === undefined)
    return refuse(
      500,
      'rewrite',
      `no URL is known for ${showMade(outcome.target, outcome.effects)}: expected RewriteBase`,
    );
  const encoded = outcome.isEscaped ? keepEscapes(encodePath(path)) : encodePath(path);
  return { kind: 'elsewhere', target: encoded + (exchange.query === '' ? '' : `?${exchange.query}`) };
}

/** Whom a rule with P asks. */
function findServer(
  { site }: Exchange,
  { target, noEscape, rule, effects }: Extract<RewriteOutcome, { kind: 'proxied' }>,
): Refusal | ProxiedMapping {
  const shown = showMade(target, effects);
  const { position } = rule;
  const found = site.router.findRewritten(target, { position, isEncoded: noEscape });
  if (noEscape && /[\x00-\x20\x7f]/.test(target))
    return refuse(403, 'rewrite', `what NE leaves as it is holds blanks or control characters: ${shown}`);
  if (typeof found !== 'string')
    return isClimbing(found)
      ? refuse(403, 'rewrite', `the rules make a path with dot segments: ${shown}`)
      : found;
  return refuse(500, 'rewrite', `the RewriteRule at ${position.file}:${position.line} asks nobody: ${found}`);
}

/** B has escaped what the client sent, so that it means the same once it is decoded. */
function keepEscapes(encoded: string): string {
  return encoded.replace(/%25(?=[0-9A-Fa-f]{2})/g, '%');
}

/** More looks ahead than this for one request, and the rules ask about what they make themselves. */
const mostLooksAhead = 10;

/** Asks the rules as often as they want something looked up, and carries out what they do besides. */
async function settle(
  exchange: Exchange,
  settings: RewriteSettings,
  request: RewriteRequest,
  askAhead: AskAhead,
  toUrlPath: (name: string) => string | undefined,
): Promise<Refusal | Extract<RewriteOutcome, { kind: 'unchanged' | 'rewritten' | 'proxied' }>> {
  const seenAhead = new Map<string, LookAhead>();
  const subject = createRewriteSubject(exchange, {
    isSubrequest: request.isSubrequest,
    seenAhead,
    toUrlPath,
  });
  for (;;) {
    const outcome = applyRules(settings, request, subject);
    switch (outcome.kind) {
      case 'look-ahead':
        if (seenAhead.size === mostLooksAhead)
          return refuse(500, 'rewrite', `the rules look ahead more than ${mostLooksAhead} times`);
        seenAhead.set(
          `${outcome.what}:${outcome.path}`,
          await askAhead(exchange, outcome.what, outcome.path),
        );
        continue;
      case 'fault':
        return refuse(outcome.status, 'rewrite', outcome.reason);
      case 'status':
        carryOut(exchange, outcome.effects);
        return refuse(outcome.status, 'rewrite', describeLast(outcome.effects), 'info');
      case 'redirect':
        carryOut(exchange, outcome.effects);
        return {
          kind: 'refusal',
          status: outcome.status,
          headers: ['Location', makeLocation(outcome)],
        };
      default:
        carryOut(exchange, outcome.effects);
        exchange.query = joinQuery(outcome.query);
        return outcome;
    }
  }
}

function carryOut(exchange: Exchange, effects: RewriteEffects): void {
  const { environment, cookies, vary, isEnd, matched } = effects;
  for (const [name, value] of environment) {
    if (value === undefined) exchange.environment.unset(name);
    else exchange.environment.set(name, value);
  }
  for (const name of vary) exchange.noteRead(name);
  const { always, onsuccess } = exchange.earlyAnswer;
  exchange.earlyAnswer = {
    always: [...always, ...cookies.flatMap((cookie) => ['Set-Cookie', cookie])],
    onsuccess,
  };
  if (isEnd) exchange.rewritingEnded = true;
  exchange.rewriteHoldsSecret = effects.holdsSecret;
  exchange.secretVariables = effects.secretVariables;
  for (const { rule, before, after } of matched)
    exchange.site.trace?.({
      stage: 'rewrite',
      text: `RewriteRule ${toByteString(rule.text)}: '${before}' becomes '${after}'`,
      position: rule.position,
    });
}

function describeLast({ matched }: RewriteEffects): string {
  const rule = matched.at(-1)?.rule;
  return rule === undefined
    ? 'a rule refuses it'
    : `refused by the RewriteRule at ${rule.position.file}:${rule.position.line}`;
}

function describeRequest(
  { query, rewriteHoldsSecret, secretVariables }: Exchange,
  facts: Pick<RewriteRequest, 'name' | 'pathInfo' | 'isSubrequest'>,
): RewriteRequest {
  return { ...facts, query, holdsSecret: rewriteHoldsSecret, secretVariables };
}

/** What applications learn of the URL that was asked for, whatever becomes of it. */
function describeScriptUrl({ environment, origin }: Exchange, path: string): void {
  const url = environment.get('REDIRECT_SCRIPT_URL') ?? path;
  environment.set('SCRIPT_URL', url);
  environment.set('SCRIPT_URI', origin + url);
}

function makeLocation({ target, query, noEscape }: Extract<RewriteOutcome, { kind: 'redirect' }>): string {
  const [, start = '', path = ''] = /^([a-z][a-z0-9+.-]*:(?:\/\/[^/?#]*)?)(.*)$/is.exec(target) ?? [];
  const pieces = query.map(({ text, isSent }) => (isSent || noEscape ? text : encodeRedirectPath(text)));
  const end = pieces.join('&');
  const url = start + (noEscape ? path : encodeRedirectPath(path)) + (end === '' ? '' : `?${end}`);
  // NE leaves all as it is that a header field can hold.
  return noEscape ? url.replace(/[^\x21-\x7e]/g, encodeByte) : encodeLocation(url);
}

function force({ mediaType, handler, handlerPosition }: RewriteEffects): {
  readonly forced?: ForcedSettings;
} {
  if (mediaType === undefined && handler === undefined) return {};
  return {
    forced: {
      ...(mediaType === undefined ? {} : { forceType: mediaType }),
      ...(handler === undefined ? {} : { handler }),
      ...(handlerPosition === undefined ? {} : { handlerPosition }),
    },
  };
}

/**
 * A result of a server is a file if its first segment is there and the rule itself, not the client, names it; else a path below the
 * document root.
 */
function findFilename(
  { virtualHost }: Exchange,
  { target, mayBeginWith }: Extract<RewriteOutcome, { kind: 'rewritten' }>,
): string {
  const documentRoot = dropTrailingSlashes(toByteString(virtualHost.settings.documentRoot ?? ''));
  if (documentRoot !== '' && (target === documentRoot || target.startsWith(`${documentRoot}/`)))
    return target;
  const first = /^\/[^/]+/.exec(target)?.[0];
  const isThere = first !== undefined && mayBeginWith(first) && exists(first);
  return isThere ? target : documentRoot + target;
}

function exists(filename: string): boolean {
  try {
    return statSync(toFilePath(filename), { throwIfNoEntry: false }) !== undefined;
  } catch {
    return false;
  }
}

/** A directory without its slash is left to DirectorySlash. */
function isWithoutSlash({ options, directory }: RewriteSettings, { mapping, accessed }: Route): boolean {
  return (
    mapping.kind === 'directory' &&
    `${accessed.filename}/` === directory &&
    options?.includes('AllowNoSlash') !== true
  );
}

function mayFollowLinks({ options }: DirectorySettings): boolean {
  const settled = settleOptions(options);
  return settled.has('followsymlinks') || settled.has('symlinksifownermatch');
}

/**
 * The URL path of a name in a directory: by RewriteBase, by the document root or the alias it lies in, by what the request says of its
 * directory. What is none of these is a URL path already.
 */
function findUrlPath(
  { virtualHost, path = '/' }: Exchange,
  { base, directory, options = [] }: RewriteSettings,
  { accessed }: Route,
  name: string,
): string | undefined {
  if (base !== undefined)
    return name.startsWith(directory) ? `${dropTrailingSlashes(base)}/${name.slice(directory.length)}` : name;
  const documentRoot = dropTrailingSlashes(toByteString(virtualHost.settings.documentRoot ?? ''));
  if (documentRoot !== '' && name.startsWith(`${documentRoot}/`)) return name.slice(documentRoot.length);
  const root = dropTrailingSlashes(accessed.contextDocumentRoot);
  if (root !== '' && name.startsWith(`${root}/`) && !options.includes('IgnoreContextInfo'))
    return dropTrailingSlashes(accessed.contextPrefix) + name.slice(root.length);
  if (directory === '' || !name.startsWith(directory) || !accessed.filename.startsWith(directory))
    return name;
  const rest = (accessed.filename + accessed.pathInfo).slice(directory.length);
  return path.endsWith(`/${rest}`)
    ? path.slice(0, path.length - rest.length) + name.slice(directory.length)
    : undefined;
}
