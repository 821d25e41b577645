import { resolve } from 'node:path';
import { parseHostAndPort } from '../../http/index.js';
import { translatePattern } from '../../matching/index.js';
import { anywhere, honouredSection, inModule, mainServerOnly, outsideSections } from '../definition.js';
import { createSectionDraft, createServerDraft, type Here, type Scope } from '../draft.js';
import type { SectionKind, SectionMatch } from '../model.js';
import { hasWildcard } from '../wildcard.js';
import { splitWords, takeWord } from '../words.js';

/** The containers that scope other directives. */
export const sections = inModule('core', [
  honouredSection(
    '<VirtualHost',
    mainServerOnly,
    'address[:port] …',
    'Settings of requests that come in on an address and ask for a name.',
    openVirtualHost,
  ),
  section('<Directory', 'directory', false, 'Settings of a directory of the file system and all below it.'),
  section('<DirectoryMatch', 'directory', true, 'Settings of directories that a pattern matches.'),
  section('<Files', 'files', false, 'Settings of files by their name.'),
  section('<FilesMatch', 'files', true, 'Settings of files whose name a pattern matches.'),
  section('<Location', 'location', false, 'Settings of URL paths.'),
  section('<LocationMatch', 'location', true, 'Settings of URL paths that a pattern matches.'),
]);

function openVirtualHost(here: Here, text: string, walk: (scope: Scope) => void): void {
  const { draft, place } = here;
  const words = splitWords(text);
  if (words.length === 0)
    here.fail('expected at least one address, such as *:80', { kind: 'argument-count' });
  const addresses = words.flatMap((word) => {
    const address = parseVirtualHostAddress(word);
    if (address !== undefined) return [address];
    if (/^[*[\d]|[\s[\]]|:(?!\d{1,5}$|\*$)/.test(word)) {
      here.fail(`expected an address such as *:80 or [::1]:443, not '${word}'`);
      return [];
    }
    // As a name that no resolver knows: httpd leaves such an address out.
    here.warn(`expected an address such as *:80 or [::1]:443: nobody asks for '${word}'`, {
      kind: 'never-matches',
    });
    return [{ host: word, port: '*' as const }];
  });
  const server = createServerDraft(draft.virtualHosts.length + 1, place.position, addresses);
  draft.virtualHosts.push(server);
  walk({ draft, server, section: server.body, enclosing: [] });
}

function parseVirtualHostAddress(text: string): { host: string; port: number | '*' } | undefined {
  const portless = text.endsWith(':*') ? text.slice(0, -2) : undefined;
  const parts = parseHostAndPort(portless ?? text);
  if (parts === undefined || (portless !== undefined && parts.port !== undefined)) return undefined;
  const host = parts.host === '_default_' ? '*' : parts.host;
  return { host, port: parts.port ?? '*' };
}

function section(name: string, kind: SectionKind, isMatch: boolean, doc: string) {
  const contexts = kind === 'files' ? anywhere : outsideSections;
  const label = isMatch ? 'pattern' : kind === 'files' ? 'name' : 'path';
  return honouredSection(name, contexts, label, doc, (here, text, walk) => {
    const outer = here.enclosing.at(-1);
    if (outer === 'if') {
      here.fail('not allowed in <If>, where httpd never applies it; expected <If> inside it', {
        kind: 'not-allowed-here',
        at: 'name',
      });
      return;
    }
    // Of a .htaccess file nobody reads warnings.
    const isUnseen = outer === 'files' && here.draft.htaccess !== undefined;
    if (outer === 'location' || outer === 'proxy' || isUnseen) {
      const name = { location: 'Location', proxy: 'Proxy', files: 'Files' }[outer];
      here.fail(`not allowed in <${name}>; expected it in <Directory> or outside every section`, {
        kind: 'not-allowed-here',
        at: 'name',
      });
      return;
    }
    const head = readHead(here, kind, isMatch, text);
    const draft = createSectionDraft();
    if (outer === 'files')
      here.warn('is never applied in <Files>; expected it in <Directory> or outside every section', {
        kind: 'never-matches',
        at: 'name',
      });
    else if (head !== undefined) here.section.sections.push({ head, draft });
    // Even a section that matches nothing we understand is read, for the mistakes in it.
    walk({
      draft: here.draft,
      server: here.server,
      section: draft,
      enclosing: [...here.enclosing, kind],
      ...(head === undefined ? {} : { head }),
    });
  });
}

function readHead(here: Here, kind: SectionKind, isMatch: boolean, text: string) {
  const first = takeWord(text);
  const isPattern = isMatch || first.word === '~';
  const { word, rest } = !isMatch && first.word === '~' ? takeWord(first.rest) : first;
  // As httpd: `<Directory "">` is ServerRoot, `<Location "">` is every path.
  const isEmpty = text.startsWith('""') && !isPattern && kind !== 'files';
  if (word === '' && !isEmpty) {
    here.fail(`expected ${isPattern ? 'a pattern' : kind === 'files' ? 'a file name' : 'a path'}`, {
      kind: 'argument-count',
    });
    return undefined;
  }
  if (rest !== '') here.fail(`expected one argument only, but '${rest}' follows`, { kind: 'argument-count' });
  const match = isPattern ? readPattern(here, word) : readText(here, kind, word);
  return match === undefined ? undefined : { kind, position: here.place.position, argument: word, match };
}

function readPattern(here: Here, text: string): SectionMatch | undefined {
  const result = translatePattern(text);
  if (result.kind === 'pattern') return { kind: 'regex', pattern: result.pattern };
  here.fail(result.message, { kind: 'pattern', at: { word: text } });
  return undefined;
}

function readText(here: Here, kind: SectionKind, word: string): SectionMatch {
  const text = kind === 'directory' ? resolve(here.draft.serverRoot, word) : word === '' ? '/' : word;
  if (kind === 'location') warnOfUnreachable(here, text);
  return { kind: hasWildcard(text) ? 'wildcard' : 'literal', text };
}

/** Paths are compared after decoding, and always begin with a slash: a protection that can never match must not look like one. */
function warnOfUnreachable(here: Here, path: string): void {
  if (!/^[/*?[]/.test(path))
    here.warn(`matches no request: expected a path that begins with '/', not '${path}'`, {
      kind: 'never-matches',
    });
  else if (/%[0-9a-f]{2}/i.test(path))
    here.warn(
      `matches no request: expected the decoded form of '${path}', since paths are compared decoded`,
      { kind: 'never-matches' },
    );
}
