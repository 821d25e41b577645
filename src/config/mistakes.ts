import { cutExcerpt } from './excerpt.js';
import { type MistakeKind, mistakeCodes } from './mistake-codes.js';
import type { Mistake, Position } from './model.js';
import { findWord } from './point-at.js';
import { holdsSecret } from './secrets.js';
import { locateSpan, type SourceLine, type Span } from './source-line.js';

/** Where a line came from. `origin` says how it was read when that is not the file itself (a macro). */
export interface Place {
  readonly position: Position;
  readonly origin?: string;
  /** Absent: the line that is remembered for the position, if any. */
  readonly line?: SourceLine;
}

/** What else is known about a mistake. */
export interface MistakeDetails {
  /** Absent: something about an argument. */
  readonly kind?: MistakeKind;
  /**
   * The name, all arguments, the end of the line, a word of the arguments (or the beginning of one), or a part of the line's
   * text; absent: an argument that the message quotes, else all of them.
   */
  readonly at?: 'name' | 'arguments' | 'end' | { readonly word: string } | Span;
  /** The nearest name or value; becomes part of the message. */
  readonly suggestion?: string | undefined;
}

/** What stands for a file name in the mistakes of -C and of -c. */
export const beforeName = '-C directive';
export const afterName = '-c directive';

/** Nobody wants to know what else is wrong. */
export class TooManyErrors extends Error {
  override readonly name = 'TooManyErrors';
}

/** Collects what is wrong, so that one run reports everything. */
export class MistakeList {
  readonly all: Mistake[] = [];
  readonly #most: number;
  #errors = 0;
  readonly #lines = new Map<string, readonly SourceLine[]>();

  /** With the last of `most` errors whoever reports it is stopped by a `TooManyErrors`. */
  constructor(most = Number.POSITIVE_INFINITY) {
    this.#most = most;
  }

  /** Whether it is worth the time to look for what was meant, which is the dearest part of a message. */
  get wantsSuggestion(): boolean {
    return this.all.length < this.#most;
  }

  /** So that a position alone is enough to point to a word of its line, also when the configuration is complete. */
  remember(file: string, lines: readonly SourceLine[]): void {
    this.#lines.set(file, lines);
  }

  error(place: Place, directive: string | undefined, message: string, details: MistakeDetails = {}): void {
    this.#add('error', 'argument', place, directive, message, details);
    this.#errors += 1;
    if (this.#errors === this.#most) throw new TooManyErrors(message);
  }

  warning(place: Place, directive: string | undefined, message: string, details: MistakeDetails = {}): void {
    this.#add('warning', 'argument-doubtful', place, directive, message, details);
  }

  #add(
    severity: Mistake['severity'],
    usualKind: MistakeKind,
    place: Place,
    directive: string | undefined,
    message: string,
    { kind = usualKind, at, suggestion }: MistakeDetails,
  ): void {
    const hint = suggestion === undefined ? '' : `; did you mean '${suggestion}'?`;
    const origin = place.origin === undefined ? '' : ` (${place.origin})`;
    const line = place.line ?? findLine(this.#lines.get(place.position.file) ?? [], place.position.line);
    this.all.push({
      severity,
      code: mistakeCodes[kind].code,
      position: place.position,
      ...(directive === undefined ? {} : { directive }),
      message: `${shorten(message)}${hint}${origin}`,
      ...(suggestion === undefined ? {} : { suggestion }),
      ...(line === undefined ? {} : locate(place, line, findWord(line.text, message, at))),
    });
  }
}

/** The line with that number; they are in order. */
function findLine(lines: readonly SourceLine[], number: number): SourceLine | undefined {
  let low = 0;
  let high = lines.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((lines[middle]?.written.line ?? 0) < number) low = middle + 1;
    else high = middle;
  }
  return lines[low]?.written.line === number ? lines[low] : undefined;
}

/** What is quoted from the file can be megabytes long; what was expected stands before and after it. */
function shorten(message: string): string {
  return message.length <= 800 ? message : `${message.slice(0, 500)}…${message.slice(-250)}`;
}

/** Of a continued line, `position` becomes the physical line that the mistake is in. */
function locate(place: Place, line: SourceLine, span: Span) {
  const { column, endColumn, text, ...found } = locateSpan(line, span);
  return {
    position: { file: place.position.file, line: found.line },
    column,
    endColumn,
    ...(holdsSecret(line.text) ? {} : { excerpt: cutExcerpt(text, column, endColumn) }),
  };
}

/** `file:line: Directive: what was expected`; the line is left out when the mistake is one of the whole file (line 0). */
export function formatMistake(mistake: Mistake): string {
  const { file, line } = mistake.position;
  const where = line > 0 ? `${file}:${line}` : file;
  const kind = mistake.severity === 'warning' ? 'warning: ' : '';
  return `${where}: ${kind}${formatMessage(mistake)}`;
}

/** Several lines: `file:line:column: error MH0123: Directive: what was expected`, then the line with a caret under the word. */
export function explainMistake(mistake: Mistake): string {
  const { position, column, severity, code, excerpt } = mistake;
  const where = [position.file, ...(position.line > 0 ? [position.line] : []), ...(column ? [column] : [])];
  const head = `${where.join(':')}: ${severity} ${code}: ${formatMessage(mistake)}`;
  if (excerpt === undefined) return head;
  const number = `${position.line}`;
  // By characters as people count them, so that the caret stands under the word.
  const before = excerpt.text.slice(0, excerpt.start).replace(/[^\t]/gu, ' ');
  const meant = excerpt.text.slice(excerpt.start, excerpt.start + excerpt.length).replace(/./gu, '^');
  const marks = before + (meant || '^');
  return `${head}\n  ${number} | ${excerpt.text}\n  ${' '.repeat(number.length)} | ${marks}`;
}

/** Mistakes for editors and CI: one object each, with the names that docs/errors.md explains. */
export function describeMistakes(mistakes: readonly Mistake[]): readonly object[] {
  return mistakes.map(({ severity, code, position, column, endColumn, directive, message, suggestion }) => ({
    file: position.file,
    ...(position.line > 0 ? { line: position.line } : {}),
    ...(column === undefined ? {} : { column, endColumn }),
    code,
    severity,
    ...(directive === undefined ? {} : { directive }),
    message,
    ...(suggestion === undefined ? {} : { suggestion }),
  }));
}

/** Mistakes in the order in which somebody reads the files. */
export function sortMistakes(mistakes: readonly Mistake[], filesRead: readonly string[]): Mistake[] {
  const rank = new Map(filesRead.map((file, index) => [file, index]));
  rank.set(afterName, filesRead.length);
  const rankOf = ({ position }: Mistake) => rank.get(position.file) ?? -1;
  // Files that no Include names, such as those of `ini=`, have no rank.
  const order = ({ position: a }: Mistake, { position: b }: Mistake) =>
    a.file === b.file ? a.line - b.line : a.file < b.file ? -1 : 1;
  return [...mistakes].sort((a, b) => rankOf(a) - rankOf(b) || order(a, b));
}

function formatMessage({ directive, message }: Mistake): string {
  return `${directive === undefined ? '' : `${printable(directive)}: `}${printable(message)}`;
}

/** A site file may hold anything; a terminal shall see only text, and nothing that hides or turns around what follows. */
function printable(text: string): string {
  return text
    .replace(
      /[\x00-\x1f\x7f-\x9f]/g,
      (character) => `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`,
    )
    .replace(/\p{Cf}|[\u2028\u2029]/gu, (character) => `\\u{${character.codePointAt(0)?.toString(16)}}`);
}
