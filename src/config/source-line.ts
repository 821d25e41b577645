import { isDecodable, type LogicalLine, readPhysicalLine, trimSpace } from './lines.js';

/** A part of a text: from `start` up to but not including `end`. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/** `length` characters of a new text that stand where `fromLength` characters of the old one stood. */
export interface Replacement {
  readonly at: number;
  readonly length: number;
  readonly from: number;
  readonly fromLength: number;
}

/** A text in which something was replaced, with what is needed to find the way back. In order, without overlap. */
export interface Replaced {
  readonly text: string;
  readonly replacements: readonly Replacement[];
}

/** One logical line on its way to the directives: what they see, and what somebody wrote. */
export interface SourceLine {
  /** With the values of macro parameters and variables put in. */
  readonly text: string;
  readonly written: LogicalLine;
  /** What was done to the written text, the last change first. */
  readonly changes: readonly (readonly Replacement[])[];
}

/** A part of a physical line, in columns from 1 that count UTF-16 units as editors do; `text` is that line. */
export interface WrittenSpan {
  readonly line: number;
  readonly column: number;
  /** The column behind the last character. */
  readonly endColumn: number;
  readonly text: string;
}

/** As `text.replace(pattern, replace)`, with the way back. `replace` is told where in the old text it is. */
export function replaceTraced(
  text: string,
  pattern: RegExp,
  replace: (found: RegExpExecArray) => string,
): Replaced {
  const replacements: Replacement[] = [];
  let result = '';
  let from = 0;
  for (const found of text.matchAll(pattern)) {
    const value = replace(found);
    const whole = found[0];
    result += text.slice(from, found.index);
    replacements.push({
      at: result.length,
      length: value.length,
      from: found.index,
      fromLength: whole.length,
    });
    result += value;
    from = found.index + whole.length;
  }
  return { text: result + text.slice(from), replacements };
}

/** As trimSpace, with the way back. */
export function trimTraced({ text, replacements }: Replaced): {
  readonly text: string;
  readonly changes: readonly (readonly Replacement[])[];
} {
  const trimmed = trimSpace(text);
  const leading = trimmed === '' ? 0 : text.indexOf(trimmed);
  const cut = { at: 0, length: 0, from: 0, fromLength: leading };
  return { text: trimmed, changes: leading === 0 ? [replacements] : [[cut], replacements] };
}

/** Where a part of the line's text stands in the file. A part that reaches into further physical lines ends with the first. */
export function locateSpan({ written, changes }: SourceLine, span: Span): WrittenSpan {
  const before = changes.reduce(undo, span);
  const physical = readPieces(written);
  const start = findPiece(written, physical, before.start);
  const end = findPiece(written, physical, Math.max(before.start, before.end - 1));
  const text = toText(start.piece);
  const column = toText(start.piece.slice(0, start.offset)).length + 1;
  const endColumn =
    end.line > start.line ? text.length + 1 : toText(end.piece.slice(0, end.offset)).length + 1;
  const width = before.end > before.start && end.line === start.line ? 1 : 0;
  return { line: start.line, column, endColumn: Math.max(endColumn + width, column + 1), text };
}

/** The same part before a change: what was put in becomes the whole of what it was put in for. */
function undo(span: Span, replacements: readonly Replacement[]): Span {
  return {
    start: undoIndex(span.start, replacements, false),
    end: undoIndex(span.end, replacements, true),
  };
}

function undoIndex(index: number, replacements: readonly Replacement[], isEnd: boolean): number {
  let shift = 0;
  for (const { at, length, from, fromLength } of replacements) {
    if (isEnd ? index <= at && length > 0 : index < at) break;
    if (isEnd ? index <= at + length && length > 0 : index < at + length)
      return isEnd ? from + fromLength : from;
    shift = from + fromLength - (at + length);
  }
  return index + shift;
}

/** The physical lines of a logical one, without what continues them. */
function readPieces({ content, start }: LogicalLine): string[] {
  const pieces: string[] = [];
  let at = start;
  let continued = true;
  while (continued && at < content.length) {
    const physical = readPhysicalLine(content, at);
    pieces.push(physical.text);
    at = physical.next;
    continued = physical.continued;
  }
  return pieces.length === 0 ? [''] : pieces;
}

function findPiece(written: LogicalLine, pieces: readonly string[], index: number) {
  const joined = pieces.join('');
  const trimmed = trimSpace(joined);
  const before = written.text.slice(0, index);
  // The pieces are bytes; the text is not, unless it could not be decoded.
  const bytes = isDecodable(trimmed) ? Buffer.byteLength(before) : before.length;
  let offset = joined.indexOf(trimmed) + bytes;
  let at = 0;
  while (at < pieces.length - 1 && offset >= (pieces[at] ?? '').length) {
    offset -= (pieces[at] ?? '').length;
    at += 1;
  }
  return { line: written.firstLine + at, piece: pieces[at] ?? '', offset };
}

function toText(bytes: string): string {
  return Buffer.from(bytes, 'latin1').toString('utf8').replace(/\r$/, '');
}
