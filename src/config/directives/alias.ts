import { translatePattern } from '../../matching/index.js';
import { anywhere, flag, honoured, inModule, outsideSections, raw, two } from '../definition.js';
import type { Here } from '../draft.js';
import type { Alias } from '../model.js';
import { resolvePath } from '../values.js';
import { splitWords } from '../words.js';
import { warnOfForeignHandler } from './handler.js';
import { warnOfShadow } from './shadowed.js';

/** Paths to files outside the document root. */
export const alias = inModule('alias', [
  honoured(
    'Alias',
    anywhere,
    raw('URL-path file-path'),
    'Maps a URL path to a file or directory.',
    (here, text) => addAlias(here, text),
  ),
  honoured(
    'AliasPreservePath',
    anywhere,
    flag,
    'Whether Alias with one argument leaves what follows the path of its <Location>, to be looked for below the file path.',
    (here, on) => {
      here.section.settings.aliasPreservePath = on;
    },
    'Off',
  ),
  honoured(
    'ScriptAlias',
    anywhere,
    raw('URL-path file-path'),
    'Maps a URL path to programs, which modhost does not run: requests for them are refused.',
    addScriptAlias,
  ),
  honoured(
    'ScriptAliasMatch',
    outsideSections,
    two('pattern file-path'),
    'The same for URL paths that a pattern matches.',
    (here, text, target) => {
      warnOfForeignHandler(here, 'cgi-script');
      addPatternAlias(here, text, target, { handler: 'cgi-script' });
    },
  ),
  honoured(
    'AliasMatch',
    outsideSections,
    two('pattern file-path'),
    'Maps URL paths that a pattern matches.',
    (here, text, target) => addPatternAlias(here, text, target),
  ),
]);

function addPatternAlias(here: Here, text: string, target: string, rest: Pick<Alias, 'handler'> = {}): void {
  const result = translatePattern(text);
  if (result.kind === 'wrong') here.fail(result.message, { kind: 'pattern', at: { word: text } });
  else
    here.server.aliases.push({
      match: { kind: 'regex', pattern: result.pattern },
      target: resolvePath(here, target),
      ...rest,
      position: here.place.position,
    });
}

function addScriptAlias(here: Here, text: string): void {
  warnOfForeignHandler(here, 'cgi-script');
  if (here.enclosing.length > 0) here.section.settings.handler = 'cgi-script';
  addAlias(here, text, { handler: 'cgi-script' });
}

function addAlias(here: Here, text: string, rest: Pick<Alias, 'handler'> = {}): void {
  const [path = '', target = '', ...more] = splitWords(text);
  if (here.enclosing.length > 0) {
    setAliasTarget(here, path, target);
    return;
  }
  if (path === '' || target === '' || more.length > 0) {
    here.fail('takes two arguments: URL-path file-path', { kind: 'argument-count' });
    return;
  }
  warnOfUnreachablePath(here, path);
  warnOfShadow(here, path, here.server.aliases);
  here.server.aliases.push({
    match: { kind: 'prefix', path },
    target: resolvePath(here, target),
    ...rest,
    position: here.place.position,
  });
}

/** With one argument, for all paths of a <Location>. */
function setAliasTarget(here: Here, target: string, more: string): void {
  if (here.enclosing.at(-1) !== 'location' || target === '' || more !== '')
    here.fail('expected it with one argument in <Location>, or with two outside every section', {
      at: 'name',
    });
  else if (target.includes('%{'))
    here.fail('expressions in the path are not supported yet', { kind: 'argument-refused' });
  else {
    const { settings } = here.section;
    const match = here.head?.match;
    settings.aliasTarget = resolvePath(here, target);
    settings.aliasLocation = match?.kind === 'literal' ? match.text : '';
  }
}

/** An alias that no path can match is a slip of the pen. */
export function warnOfUnreachablePath(here: Here, path: string): void {
  if (!path.startsWith('/'))
    here.warn(`matches no request: expected a URL path that begins with '/', not '${path}'`, {
      kind: 'never-matches',
    });
}
