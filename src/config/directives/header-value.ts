import { isHeaderValue, toByteString } from '../../http/index.js';
import type { Here } from '../draft.js';
import { takeText } from '../expression.js';
import type { HeaderValue, HeaderValuePart } from '../model.js';

/** The value of Header and RequestHeader: `expr=…`, or text with `%…` in it; reports what is wrong with it. */
export function takeHeaderValue(here: Here, text: string): HeaderValue | undefined {
  if (/^expr=/i.test(text)) {
    const expression = takeText(here, text.slice('expr='.length));
    return expression && { kind: 'expression', text: expression };
  }
  const parts = splitFormat(here, text);
  return parts && { kind: 'format', parts };
}

/** A percent sign at the very end is one (as httpd). */
const formatPattern = /%%|%$|%\{([^}]*)\}(.)|%(.)|\\([nrt])|[^%\\]+|\\/gsu;

function splitFormat(here: Here, text: string): HeaderValuePart[] | undefined {
  const parts: HeaderValuePart[] = [];
  for (const [piece, name, kindOfName, letter, escaped] of text.matchAll(formatPattern)) {
    const part = readPiece(piece, name, kindOfName, letter, escaped);
    if (part === undefined) return failFormat(here, piece);
    parts.push(part);
  }
  const literal = parts.filter((part) => typeof part === 'string').join('');
  if (isHeaderValue(literal)) return joinLiterals(parts);
  here.fail('the value of a header cannot hold line ends and other control characters', { at: 'arguments' });
  return undefined;
}

function readPiece(
  piece: string,
  name: string | undefined,
  kindOfName: string | undefined,
  letter: string | undefined,
  escaped: string | undefined,
): HeaderValuePart | undefined {
  if (name !== undefined) {
    if (kindOfName === 'e') return { kind: 'variable', name: toByteString(name) };
    return kindOfName === 's' ? { kind: 'tls-variable', name } : undefined;
  }
  if (escaped !== undefined) return { n: '\n', r: '\r', t: '\t' }[escaped];
  if (letter !== undefined) return items.get(letter);
  return piece === '%%' ? '%' : toByteString(piece);
}

const items = new Map<string, HeaderValuePart>([
  ['t', { kind: 'started' }],
  ['D', { kind: 'duration' }],
  ['l', { kind: 'load' }],
]);

function failFormat(here: Here, piece: string): undefined {
  const known = '%t, %D, %l, %{NAME}e, %{NAME}s or %%';
  const counts = piece === '%i' || piece === '%b';
  here.fail(
    counts
      ? `'${piece}' counts the workers of httpd, of which there are none here: expected ${known}`
      : `expected ${known}, not '${piece}'`,
    { at: { word: piece } },
  );
  return undefined;
}

function joinLiterals(parts: readonly HeaderValuePart[]): HeaderValuePart[] {
  const joined: HeaderValuePart[] = [];
  for (const part of parts) {
    const before = joined.at(-1);
    if (typeof part === 'string' && typeof before === 'string') joined[joined.length - 1] = before + part;
    else joined.push(part);
  }
  return joined;
}
