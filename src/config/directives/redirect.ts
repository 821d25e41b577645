import { reasonPhrase } from '../../http/index.js';
import { translatePattern } from '../../matching/index.js';
import { anywhere, flag, honoured, inModule, list, raw, two } from '../definition.js';
import type { Here } from '../draft.js';
import { takeText } from '../expression.js';
import { growList } from '../grow-setting.js';
import type { FixedRedirect, Redirect } from '../model.js';
import { findNearest } from '../nearest-name.js';
import { splitWords } from '../words.js';
import { warnOfUnreachablePath } from './alias.js';
import { warnOfShadow } from './shadowed.js';

/** Answers that send the client elsewhere, or tell it that there is nothing. */
export const redirect = inModule('alias', [
  honoured(
    'Redirect',
    anywhere,
    raw('[status] [URL-path] URL'),
    'Sends the client to another address.',
    (here, text) => addRedirect(here, splitWords(text)),
  ),
  honoured(
    'RedirectRelative',
    anywhere,
    flag,
    'Whether a target without a host is sent as it is, without the name of the server.',
    (here, on) => {
      here.section.settings.redirectRelative = on;
    },
    'Off',
  ),
  honoured(
    'RedirectMatch',
    anywhere,
    list('[status] pattern URL'),
    'Sends the client to another address, from paths that a pattern matches.',
    addRedirectMatch,
  ),
  honoured(
    'RedirectPermanent',
    anywhere,
    two('URL-path URL'),
    'Sends the client to another address for good (301).',
    (here, path, target) => addRedirect(here, ['permanent', path, target]),
  ),
  honoured(
    'RedirectTemp',
    anywhere,
    two('URL-path URL'),
    'Sends the client to another address for now (302).',
    (here, path, target) => addRedirect(here, ['temp', path, target]),
  ),
]);

const statusWords: Readonly<Record<string, number>> = {
  permanent: 301,
  temp: 302,
  seeother: 303,
  gone: 410,
};

function addRedirect(here: Here, words: readonly string[]): void {
  const [first = '', ...others] = words;
  const status = readStatus(first);
  const rest = status === undefined ? words : others;
  if (words.length === 0 || words.length > 3 || rest.length > 2 || rest.some((word) => word === '')) {
    if (words.length === 3 && status === undefined)
      here.fail(`expected a status such as 301, permanent, temp, seeother or gone, not '${first}'`, {
        suggestion: findNearest(first, Object.keys(statusWords)),
      });
    else here.fail('takes one to three arguments: [status] [URL-path] URL', { kind: 'argument-count' });
    return;
  }
  const isRedirection = isRedirectStatus(status ?? 302);
  if (here.enclosing.length > 0 && rest.length === (isRedirection ? 1 : 0)) {
    const fixed = makeFixedRedirect(here, status ?? 302, rest[0]);
    if (fixed !== undefined) here.section.settings.fixedRedirect = fixed;
    return;
  }
  const [path, target] = rest;
  if (path === undefined) {
    here.fail('expected the URL path that it is about: [status] URL-path [URL]', {
      kind: 'argument-count',
      at: 'end',
    });
    return;
  }
  const made = makeRedirect(here, status ?? 302, target);
  if (made === undefined) return;
  warnOfUnreachablePath(here, path);
  add(here, { ...made, match: { kind: 'prefix', path } });
}

/** Only here a URL may hold variables of the request. */
function makeFixedRedirect(
  here: Here,
  status: number,
  target: string | undefined,
): FixedRedirect | undefined {
  if (target === undefined || !target.includes('%{')) return makeRedirect(here, status, target);
  const expression = takeText(here, target);
  return expression && { status, expression, position: here.place.position };
}

function addRedirectMatch(here: Here, words: readonly string[]): void {
  const [first = '', ...others] = words;
  const status = words.length > 1 ? readStatus(first) : undefined;
  const [pattern, target, ...more] = status === undefined ? words : others;
  if (pattern === undefined || words.length < 2 || more.length > 0) {
    here.fail('takes two or three arguments: [status] pattern URL', { kind: 'argument-count' });
    return;
  }
  const result = translatePattern(pattern);
  if (result.kind === 'wrong') {
    here.fail(result.message, { kind: 'pattern', at: { word: pattern } });
    return;
  }
  const made = makeRedirect(here, status ?? 302, target, true);
  if (made !== undefined) add(here, { ...made, match: { kind: 'regex', pattern: result.pattern } });
}

/** Only where a status may stand; a path that looks like one cannot be meant, since paths begin with a slash. */
function readStatus(word: string): number | undefined {
  const lower = word.toLowerCase();
  if (Object.hasOwn(statusWords, lower)) return statusWords[lower];
  return /^\d{3}$/.test(word) ? Number(word) : undefined;
}

function isRedirectStatus(status: number): boolean {
  return status >= 300 && status < 400;
}

function makeRedirect(
  here: Here,
  status: number,
  target: string | undefined,
  isPattern = false,
): FixedRedirect | undefined {
  const { position } = here.place;
  if (reasonPhrase(status) === '' || status < 200) {
    here.fail(`expected a status that is known, such as 301, 302, 404 or 410, not ${status}`);
    return undefined;
  }
  if (!isRedirectStatus(status)) {
    if (target === undefined) return { status, position };
    here.fail(`expected no URL: ${status} sends nobody elsewhere`, {
      kind: 'argument-count',
      at: { word: target },
    });
    return undefined;
  }
  if (target === undefined) {
    here.fail('expected the URL to send the client to', { kind: 'argument-count', at: 'end' });
    return undefined;
  }
  if (here.enclosing.length > 0 && target.includes('%{')) {
    here.fail('a URL with variables is only supported without a path before it', {
      kind: 'argument-refused',
      at: { word: target },
    });
    return undefined;
  }
  // Of a pattern, the whole target may come out of the match.
  const isUrl = /^[a-z][a-z0-9+.-]*:/i.test(target) || target.startsWith('/');
  if (!isUrl && !(isPattern && target.includes('$'))) {
    here.fail(
      `expected a URL such as https://www.example.com/, or a path that begins with '/', not '${target}'`,
    );
    return undefined;
  }
  return { status, target, position };
}

function add(here: Here, made: Redirect): void {
  if (here.enclosing.length === 0) {
    if (made.match.kind === 'prefix') warnOfShadow(here, made.match.path, here.server.redirects);
    here.server.redirects.push(made);
    return;
  }
  const { settings } = here.section;
  settings.redirects = growList(here, 'redirects', settings.redirects, [made]);
}
