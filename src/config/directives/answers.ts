import { reasonPhrase } from '../../http/index.js';
import {
  anywhere,
  flag,
  honoured,
  inModule,
  list,
  one,
  oneOrTwo,
  outsideSections,
  raw,
} from '../definition.js';
import type { Here } from '../draft.js';
import { takeText } from '../expression.js';
import type { ErrorDocument, FileETagSetting } from '../model.js';
import { chooseWord, listWords, takeInteger } from '../values.js';
import { takeWord } from '../words.js';

/** What the server says of itself, and of what went wrong. */
export const answers = inModule('core', [
  honoured(
    'ErrorDocument',
    anywhere,
    raw('status default|text|/path|URL'),
    "What is sent in place of the server's own page.",
    setErrorDocument,
  ),
  honoured(
    'ServerSignature',
    anywhere,
    one('On|Off|EMail'),
    'Whether error pages name the server.',
    (here, text) => {
      const word = chooseWord(here, text, ['on', 'off', 'email']);
      if (word !== undefined) here.section.settings.serverSignature = word;
    },
    'Off',
  ),
  honoured(
    'FileETag',
    anywhere,
    list('[+|-]INode|MTime|Size|All|None …'),
    'What an ETag is made of.',
    setFileETag,
    'MTime Size',
  ),
  honoured(
    'AcceptPathInfo',
    anywhere,
    one('On|Off|Default'),
    'Whether a path may go on behind a file.',
    (here, text) => {
      const word = chooseWord(here, text, ['on', 'off', 'default']);
      if (word !== undefined) here.section.settings.acceptPathInfo = word;
    },
    'Default',
  ),
  honoured(
    'UseCanonicalName',
    anywhere,
    one('On|Off|DNS'),
    'Which name the server calls itself.',
    (here, text) => {
      const word = chooseWord(here, text, ['on', 'off', 'dns']);
      if (word !== undefined) here.section.settings.useCanonicalName = word;
    },
    'Off',
  ),
  honoured(
    'UseCanonicalPhysicalPort',
    anywhere,
    flag,
    'Whether the port of the connection can be the one that the server names.',
    (here, on) => {
      here.section.settings.useCanonicalPhysicalPort = on;
    },
    'Off',
  ),
  honoured(
    'StrictHostCheck',
    outsideSections,
    flag,
    'Whether a request for a name that nobody bears is refused.',
    (here, on) => {
      here.server.settings.strictHostCheck = on;
    },
    'Off',
  ),
  honoured(
    'LimitInternalRecursion',
    outsideSections,
    oneOrTwo('redirects [subrequests]'),
    'How often a request may be sent to another path inside the server.',
    (here, first, second) => {
      const redirects = takeInteger(here, first, 1);
      const subrequests = second === undefined ? redirects : takeInteger(here, second, 1);
      if (redirects !== undefined && subrequests !== undefined)
        here.server.settings.internalRecursion = { redirects, subrequests };
    },
    '10',
  ),
]);

function setErrorDocument(here: Here, text: string): void {
  const { word, rest } = takeWord(text);
  const document = takeWord(rest);
  if (word === '' || document.word === '' || document.rest !== '') {
    here.fail('takes two arguments: status default|text|/path|URL (text with blanks in quotes)', {
      kind: 'argument-count',
    });
    return;
  }
  const status = /^\d{3}$/.test(word) ? Number(word) : 0;
  if (reasonPhrase(status) === '' || status < 200) {
    here.fail(`expected a status such as 404, not '${word}'`);
    return;
  }
  const read = readErrorDocument(document.word, /^["']/.test(rest));
  if (read.kind === 'url' && status === 401) {
    here.warn('is ignored: a URL cannot stand in for 401, since the browser would never ask for a password', {
      kind: 'argument-no-effect',
      at: { word: read.url },
    });
    return;
  }
  if (read.kind === 'url' && read.url.includes('%{'))
    here.warn('expressions in the URL are not evaluated: it is sent as it is written', {
      kind: 'argument-no-effect',
    });
  const made = read.kind === 'text' && read.text.includes('%{') ? readExpression(here, read.text) : read;
  if (made === undefined) return;
  const { settings } = here.section;
  settings.errorDocuments = new Map(settings.errorDocuments).set(status, made);
}

function readExpression(here: Here, written: string): ErrorDocument | undefined {
  const text = takeText(here, written);
  return text === undefined ? undefined : { kind: 'expression', text };
}

function readErrorDocument(word: string, isQuoted: boolean): ErrorDocument {
  if (word.startsWith('/')) return { kind: 'path', path: word };
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(word)) return { kind: 'url', url: word };
  if (!isQuoted && word.toLowerCase() === 'default') return { kind: 'default' };
  return { kind: 'text', text: word };
}

type ETagPart = 'inode' | 'mtime' | 'size';
const eTagParts: readonly ETagPart[] = ['inode', 'mtime', 'size'];

function setFileETag(here: Here, words: readonly string[]): void {
  const before = here.section.settings.fileETag;
  let absolute = before?.absolute ?? false;
  const add = new Set(before?.add);
  const remove = new Set(before?.remove);
  for (const word of words) {
    const sign = /^[+-]/.exec(word)?.[0];
    const name = word.slice(sign?.length ?? 0).toLowerCase();
    const parts =
      name === 'all' ? eTagParts : name === 'none' ? [] : eTagParts.filter((part) => part === name);
    if (parts.length === 0 && name !== 'none') {
      here.fail(`expected ${listWords(['INode', 'MTime', 'Size', 'All', 'None'])}, not '${word}'`);
      return;
    }
    if (sign === undefined && !absolute) {
      absolute = true;
      add.clear();
      remove.clear();
    }
    if (name === 'none') add.clear();
    const [gains, loses] = sign === '-' ? [remove, add] : [add, remove];
    for (const part of parts) {
      gains.add(part);
      loses.delete(part);
    }
  }
  const setting: FileETagSetting = { absolute, add, remove };
  here.section.settings.fileETag = setting;
}
