import { readFileSync } from 'node:fs';
import { anywhere, honoured, inModule, list, one, outsideSections } from '../definition.js';
import type { Here } from '../draft.js';
import type { ExtensionSettings } from '../model.js';
import { resolvePath } from '../values.js';
import { addExtensions, removeExtensions } from './extensions.js';
import { warnOfForeignHandler, wsgiType } from './handler.js';

/** What files are, by the extensions of their names. */
export const mime = [
  ...inModule('mime', [
    honoured(
      'TypesConfig',
      outsideSections,
      one('file'),
      'The media types of extensions, in place of those that are widely known.',
      readTypes,
    ),
    honoured(
      'AddType',
      anywhere,
      list('type extension …'),
      'The media type of files with an extension.',
      (here, [type = '', ...extensions]) => {
        if (type.toLowerCase() === wsgiType) addExtensions(here, extensions, { handler: 'wsgi-script' });
        else if (isForeignHandler(here, type))
          addExtensions(here, extensions, { handler: type.toLowerCase() });
        else if (type.startsWith('.') && extensions.every((extension) => extension.includes('/')))
          here.warn(
            `has no effect: expected ${extensions.join(' ')} ${type}, the type before the extension`,
            {
              kind: 'argument-no-effect',
            },
          );
        else if (isType(here, type)) addExtensions(here, extensions, { type });
      },
    ),
    adding('AddEncoding', 'encoding', 'How files with an extension are encoded.'),
    adding('AddLanguage', 'language', 'The language of files with an extension.'),
    adding('AddCharset', 'charset', 'The character set of files with an extension.'),
    removing('RemoveType', 'type'),
    removing('RemoveEncoding', 'encoding'),
    removing('RemoveLanguage', 'language'),
    removing('RemoveCharset', 'charset'),
    honoured(
      'DefaultLanguage',
      anywhere,
      one('language'),
      'The language of files without an extension for one.',
      (here, language) => {
        if (isToken(here, language)) here.section.settings.defaultLanguage = language;
      },
    ),
  ]),
  ...inModule('core', [
    honoured(
      'ForceType',
      anywhere,
      one('type|None'),
      'The media type of all files of a section.',
      (here, type) => {
        if (type.toLowerCase() === 'none') here.section.settings.forceType = 'none';
        else if (isForeignHandler(here, type)) here.section.settings.handler = type.toLowerCase();
        else if (isType(here, type)) here.section.settings.forceType = type;
      },
    ),
    honoured(
      'AddDefaultCharset',
      anywhere,
      one('On|Off|charset'),
      'The character set of text/html and text/plain that name none.',
      (here, word) => {
        const lower = word.toLowerCase();
        if (lower === 'off') here.section.settings.defaultCharset = '';
        else if (lower === 'on') here.section.settings.defaultCharset = 'iso-8859-1';
        else if (isToken(here, word)) here.section.settings.defaultCharset = word;
      },
      'Off',
    ),
  ]),
];

function adding(name: string, member: keyof ExtensionSettings, doc: string) {
  return honoured(name, anywhere, list(`${member} extension …`), doc, (here, [word = '', ...extensions]) => {
    if (isToken(here, word)) addExtensions(here, extensions, { [member]: word.toLowerCase() });
  });
}

function removing(name: string, member: keyof ExtensionSettings) {
  const doc = `Takes back the ${member} of files with an extension.`;
  return honoured(name, anywhere, list('extension …'), doc, (here, extensions) =>
    removeExtensions(here, extensions, member),
  );
}

/** A type by which httpd would choose a handler must not end in the source of a program being shown. */
function isForeignHandler(here: Here, type: string): boolean {
  if (!/^application\/x-httpd-|server-parsed|^(cgi-script|asis|type-map)$/i.test(type)) return false;
  warnOfForeignHandler(here, type);
  return true;
}

function isType(here: Here, type: string): boolean {
  if (/^[!#$%&'*+.^_`|~\w-]+\/[!#$%&'*+.^_`|~\w-]+(\s*;[\x20-\x7e]*)?$/.test(type)) return true;
  here.fail(`expected a media type such as text/plain, not '${type}'`);
  return false;
}

function isToken(here: Here, word: string): boolean {
  if (/^[!#$%&'*+.^_`|~\w-]+$/.test(word)) return true;
  here.fail(`expected a name of letters, digits and hyphens, not '${word}'`);
  return false;
}

/** Lines of `type extension …`, as in /etc/mime.types. */
function readTypes(here: Here, file: string): void {
  const path = resolvePath(here, file);
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    here.warn(
      `${path} cannot be read (${(error as NodeJS.ErrnoException).code}): the widely known types stay`,
    );
    return;
  }
  const types = new Map<string, string>();
  for (const line of text.split('\n')) {
    const [type = '', ...extensions] = line.trim().split(/\s+/);
    if (!/^[^#\s/]+\/[^\s/]+$/.test(type)) continue;
    for (const extension of extensions) types.set(extension.toLowerCase(), type);
  }
  here.draft.global.mediaTypes = types;
}
