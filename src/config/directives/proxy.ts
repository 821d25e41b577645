import { parseBalancerUrl, withoutSocket } from '../../http/index.js';
import { translatePattern } from '../../matching/index.js';
import {
  anywhere,
  flag,
  honoured,
  honouredSection,
  inModule,
  list,
  one,
  outsideSections,
  raw,
} from '../definition.js';
import { createSectionDraft, type Here, type Scope } from '../draft.js';
import type { Alias, ProxyParameters, ProxyReverse, ProxyTarget } from '../model.js';
import { takeProxyUrl } from '../proxy-target.js';
import { chooseWord, takeDuration, takeInteger } from '../values.js';
import { hasWildcard } from '../wildcard.js';
import { splitWords, takeWord } from '../words.js';
import { warnOfUnreachablePath } from './alias.js';
import { noteBalancerParameters, referToBalancer, takeBalancerUrl } from './balancer.js';
import { takeBareWords, takeParameters, takePassWords } from './proxy-parameters.js';
import { warnOfShadow } from './shadowed.js';

/** Paths that other servers answer. */
export const proxy = inModule('proxy', [
  honoured(
    'ProxyPass',
    anywhere,
    raw('[URL-path] !|URL [key=value …]'),
    'Passes requests on to another server.',
    (here, text) => addPass(here, splitWords(text), false),
  ),
  honoured(
    'ProxyPassMatch',
    anywhere,
    raw('[pattern] !|URL [key=value …]'),
    'Passes requests on whose path a pattern matches.',
    (here, text) => addPass(here, splitWords(text), true),
  ),
  honoured(
    'ProxyPassReverse',
    anywhere,
    raw('[URL-path] URL'),
    'Makes the addresses in redirects of another server those of this one.',
    addReverse,
  ),
  honoured(
    'ProxyPassReverseCookieDomain',
    anywhere,
    raw('internal-domain public-domain'),
    'Replaces the domain of cookies that another server sets.',
    (here, text) => addCookieReverse(here, 'cookie-domain', text),
  ),
  honoured(
    'ProxyPassReverseCookiePath',
    anywhere,
    raw('internal-path public-path'),
    'Replaces the path of cookies that another server sets.',
    (here, text) => addCookieReverse(here, 'cookie-path', text),
  ),
  honoured(
    'ProxyPreserveHost',
    anywhere,
    flag,
    'Passes on the Host that the client asked for.',
    (here, isOn) => {
      here.section.settings.proxyPreserveHost = isOn;
    },
    'Off',
  ),
  honoured(
    'ProxyAddHeaders',
    anywhere,
    flag,
    'Adds X-Forwarded-For, X-Forwarded-Host and X-Forwarded-Server.',
    (here, isOn) => {
      here.section.settings.proxyAddHeaders = isOn;
    },
    'On',
  ),
  honoured(
    'ProxyErrorOverride',
    anywhere,
    list('On|Off [status …]'),
    'Answers in place of another server that reports an error.',
    setErrorOverride,
    'Off',
  ),
  honoured(
    'Proxy100Continue',
    anywhere,
    flag,
    'Passes on Expect: 100-continue.',
    (here, isOn) => {
      here.section.settings.proxyContinue = isOn;
    },
    'On',
  ),
  honoured(
    'ProxyTimeout',
    outsideSections,
    one('seconds'),
    'How long to wait for another server.',
    (here, text) => {
      const timeoutMs = takeDuration(here, text);
      if (timeoutMs !== undefined) here.server.proxying.timeoutMs = timeoutMs;
    },
    'Timeout',
  ),
  honoured(
    'ProxyVia',
    outsideSections,
    one('Off|On|Full|Block'),
    'What the Via header says.',
    (here, text) => {
      const via = chooseWord(here, text, ['off', 'on', 'full', 'block'] as const);
      if (via !== undefined) here.server.proxying.via = via;
    },
    'Off',
  ),
  honoured(
    'ProxyRequests',
    outsideSections,
    flag,
    'Off: nobody may name the server that is to answer.',
    (here, isOn) => {
      if (isOn)
        here.fail('not supported: with it, anybody could reach any server through this one', {
          kind: 'argument-refused',
        });
    },
    'Off',
  ),
  honoured(
    'ProxyPassInherit',
    ['virtual-host'],
    flag,
    "Whether the main server's ProxyPass hold here, too.",
    (here, isOn) => {
      here.server.proxying.inheritsPasses = isOn;
    },
    'On',
  ),
  honoured(
    'ProxySourceAddress',
    outsideSections,
    one('address'),
    'The address of this machine that other servers are asked from.',
    (here, address) => {
      here.server.proxying.sourceAddress = address;
    },
  ),
  honoured(
    'ProxySet',
    anywhere,
    raw('[URL] key=value …'),
    'Parameters of the connections to another server.',
    setParameters,
  ),
  honouredSection(
    '<Proxy',
    outsideSections,
    'URL|* [key=value …]',
    'Settings of what is passed on to a URL.',
    (here, text, walk) => openProxy(here, text, false, walk),
  ),
  honouredSection(
    '<ProxyMatch',
    outsideSections,
    'pattern',
    'Settings of what is passed on to URLs that a pattern matches.',
    (here, text, walk) => openProxy(here, text, true, walk),
  ),
]);

function addPass(here: Here, words: readonly string[], isMatch: boolean): void {
  const isInSection = here.enclosing.length > 0;
  const path = isInSection ? undefined : words[0];
  const [url, ...rest] = isInSection ? words : words.slice(1);
  if (url === undefined || url === '' || path === '') {
    here.fail(
      isInSection
        ? 'expected !, or a URL'
        : `expected ${isMatch ? 'a pattern' : 'a URL path'} and !, or a URL`,
      {
        kind: 'argument-count',
        at: 'end',
      },
    );
    return;
  }
  const match = path === undefined ? matchOfLocation(here) : makeMatch(here, path, isMatch);
  const target = url === '!' ? undefined : takeTarget(here, url, rest);
  if (match === undefined || (url !== '!' && target === undefined)) return;
  const pass = { match, ...(target === undefined ? {} : { target }), position: here.place.position };
  if (isInSection) {
    here.section.settings.proxyPass = pass;
    return;
  }
  if (match.kind === 'prefix') {
    warnOfUnreachablePath(here, match.path);
    warnOfShadow(here, match.path, here.server.proxyPasses);
    if (target !== undefined) warnOfSlashes(here, match.path, target);
  }
  here.server.proxyPasses.push(pass);
}

/** The path of the <Location> around it is what the URL replaces. */
function matchOfLocation(here: Here): Alias['match'] | undefined {
  const { head, enclosing, limit } = here;
  if (enclosing.at(-1) !== 'location' || head === undefined || limit !== undefined) {
    here.fail('expected it in <Location> or outside every section', { kind: 'not-allowed-here', at: 'name' });
    return undefined;
  }
  const { match } = head;
  if (match.kind === 'literal') return { kind: 'prefix', path: match.text };
  if (match.kind === 'regex') return match;
  here.fail(
    'expected a <Location> without wildcards, or <LocationMatch>: which part of the path to replace is not clear',
    {
      kind: 'not-allowed-here',
      at: 'name',
    },
  );
  return undefined;
}

function makeMatch(here: Here, text: string, isMatch: boolean): Alias['match'] | undefined {
  if (!isMatch) return { kind: 'prefix', path: text };
  const result = translatePattern(text);
  if (result.kind === 'pattern') return { kind: 'regex', pattern: result.pattern };
  here.fail(result.message, { kind: 'pattern', at: { word: text } });
  return undefined;
}

function takeTarget(here: Here, url: string, words: readonly string[]): ProxyTarget | undefined {
  const balanced = parseBalancerUrl(url);
  if (balanced.kind !== 'other') return takeBalancer(here, url, words);
  const { parameters: own, isRaw, dropsQuery } = takePassWords(here, words);
  const address = takeProxyUrl(here, url);
  if (address === undefined) return undefined;
  const { proxyTargets, firstPasses } = here.draft;
  // Who asks a server once more without a word means the same connections.
  const first = firstPasses.get(url) ?? {};
  if (!firstPasses.has(url)) firstPasses.set(url, own);
  const settled: ProxyParameters = {};
  proxyTargets.push({
    url,
    first,
    own,
    settled,
    scheme: address.scheme,
    place: here.place,
    serverId: here.server.id,
  });
  return { ...address, parameters: settled, isRaw, dropsQuery };
}

/** What ProxyPass says besides is about the balancer. */
function takeBalancer(here: Here, url: string, words: readonly string[]): ProxyTarget | undefined {
  const balancer = referToBalancer(here, url);
  if (balancer === undefined) return undefined;
  const { rest, isRaw, dropsQuery } = takeBareWords(words);
  noteBalancerParameters(here, balancer.name, rest);
  return { url, scheme: 'balancer', name: balancer.name, path: balancer.path, isRaw, dropsQuery };
}

/** Of `/a/z`, `/a/` and `http://b/x` make `/xz`, and `/a` and `http://b/x/` make `/x//z`: nobody means either. */
function warnOfSlashes(here: Here, path: string, { url, path: targetPath }: ProxyTarget): void {
  if (path === '/' || targetPath === '' || path.endsWith('/') === targetPath.endsWith('/')) return;
  const [one, other] = path.endsWith('/') ? [path, url] : [url, path];
  const made = path.endsWith('/') ? `${targetPath}x` : `${targetPath}/x`;
  here.warn(
    `'${one}' ends with a slash and '${other}' does not: ${path.replace(/\/$/, '')}/x becomes ${made}`,
    { at: { word: path } },
  );
}

function addReverse(here: Here, text: string): void {
  const words = splitWords(text).filter((word) => word.toLowerCase() !== 'interpolate');
  const isInSection = here.enclosing.length > 0;
  const external = isInSection ? pathOfLocation(here) : words[0];
  const internal = isInSection ? words[0] : words[1];
  const isComplete = words.length === (isInSection ? 1 : 2);
  if (!isComplete || internal === undefined || internal === '') {
    here.fail(isInSection ? 'takes one argument here: URL' : 'takes two arguments: URL-path URL', {
      kind: 'argument-count',
    });
    return;
  }
  if (external !== undefined) add(here, { kind: 'url', internal: withoutSocket(internal), external });
}

function pathOfLocation(here: Here): string | undefined {
  const { head } = here;
  if (head?.kind === 'location' && head.match.kind === 'literal') return head.match.text;
  here.fail('expected it in <Location> without wildcards, or outside every section with the URL path first', {
    kind: 'not-allowed-here',
    at: 'name',
  });
  return undefined;
}

function addCookieReverse(here: Here, kind: 'cookie-domain' | 'cookie-path', text: string): void {
  const words = splitWords(text).filter((word) => word.toLowerCase() !== 'interpolate');
  const [internal, external, ...more] = words;
  if (!internal || !external || more.length > 0)
    here.fail(`takes two arguments: internal-${kind.slice(7)} public-${kind.slice(7)}`, {
      kind: 'argument-count',
    });
  else add(here, { kind, internal, external });
}

function add(here: Here, reverse: ProxyReverse): void {
  const { settings } = here.section;
  settings.proxyReverses = [...(settings.proxyReverses ?? []), reverse];
}

function setErrorOverride(here: Here, words: readonly string[]): void {
  const [first = '', ...codes] = words;
  const word = chooseWord(here, first, ['On', 'Off'] as const);
  if (word === undefined) return;
  const statuses = codes.flatMap((code) => takeInteger(here, code, 400, 599) ?? []);
  here.section.settings.proxyErrorOverride = word === 'Off' ? 'none' : statuses.length > 0 ? statuses : 'all';
}

/** In <Proxy URL> about that URL, in <Location> about the URL of its ProxyPass. */
function setParameters(here: Here, text: string): void {
  const words = splitWords(text);
  const { head } = here;
  const inner =
    head?.kind === 'proxy' && head.match.kind === 'literal'
      ? head.argument
      : here.section.settings.proxyPass?.target?.url;
  const [url, ...rest] = inner === undefined ? words : [inner, ...words];
  if (url === undefined || rest.length === 0)
    here.fail('expected a URL and parameters such as timeout=30', { kind: 'argument-count' });
  else if (inner === undefined && isUnknownBalancer(here, url))
    here.fail(`no balancer is called '${url}' here`, { at: { word: url } });
  else noteParameters(here, url, rest);
}

function isUnknownBalancer({ server }: Here, url: string): boolean {
  const parsed = parseBalancerUrl(url);
  return parsed.kind === 'balancer' && !server.balancers.has(parsed.name);
}

function noteParameters(here: Here, url: string, words: readonly string[]): void {
  if (parseBalancerUrl(url).kind !== 'other') {
    const balancer = takeBalancerUrl(here, url);
    if (balancer !== undefined) noteBalancerParameters(here, balancer.name, words);
    return;
  }
  if (takeProxyUrl(here, url) === undefined) return;
  const known = here.draft.proxyParameters;
  known.set(url, { ...known.get(url), ...takeParameters(here, words) });
}

function openProxy(here: Here, text: string, isMatch: boolean, walk: (scope: Scope) => void): void {
  const first = takeWord(text);
  const isPattern = isMatch || first.word === '~';
  const { word, rest } = !isMatch && isPattern ? takeWord(first.rest) : first;
  const match = makeSectionMatch(here, word, isPattern);
  const draft = createSectionDraft();
  const head =
    match === undefined
      ? undefined
      : { kind: 'proxy' as const, position: here.place.position, argument: word, match };
  if (head !== undefined) here.section.sections.push({ head, draft });
  if (rest !== '') {
    if (match?.kind === 'literal') noteParameters(here, word, splitWords(rest));
    else here.fail(`expected one argument only, but '${rest}' follows`, { kind: 'argument-count' });
  }
  const { draft: config, server } = here;
  walk({
    draft: config,
    server,
    section: draft,
    enclosing: ['proxy'],
    ...(head === undefined ? {} : { head }),
  });
}

function makeSectionMatch(here: Here, word: string, isPattern: boolean) {
  if (word === '') {
    here.fail(`expected ${isPattern ? 'a pattern' : 'a URL, or *'}`, { kind: 'argument-count' });
    return undefined;
  }
  if (isPattern) {
    const result = translatePattern(word);
    if (result.kind === 'pattern') return { kind: 'regex', pattern: result.pattern } as const;
    here.fail(result.message, { kind: 'pattern', at: { word } });
    return undefined;
  }
  if (hasWildcard(word)) return { kind: 'wildcard', text: word } as const;
  warnOfNoUrl(here, word);
  return { kind: 'literal', text: word } as const;
}

/** A protection that can never match must not look like one. */
function warnOfNoUrl(here: Here, word: string): void {
  if (!/^(unix:[^|]*\|)?[a-z][a-z0-9+.-]*:\/\//i.test(word))
    here.warn(
      `matches no request: expected *, or the beginning of a URL such as http://127.0.0.1:8000/, not '${word}'`,
      {
        kind: 'never-matches',
      },
    );
}
