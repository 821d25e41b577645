import { TextDecoder } from 'node:util';
import { isSpace } from './words.js';

/** Physical lines joined, blanks at both ends gone; neither empty nor a comment. */
export interface LogicalLine {
  readonly text: string;
  /** Number of the last physical line, from 1, as httpd counts. */
  readonly line: number;
  /** Number of the first physical line. */
  readonly firstLine: number;
  /** The bytes of all lines, one character each, and where this line starts in them: to find the way back to a column. */
  readonly content: string;
  readonly start: number;
}

/** What the splitting noticed; `line` as above. */
export interface LineProblem {
  readonly kind: 'encoding' | 'nul-byte' | 'line-too-long';
  readonly severity: 'error' | 'warning';
  readonly line: number;
  readonly message: string;
}

/** httpd's limit for one logical line of a server configuration, in bytes. */
export const maximumLineLength = 16 * 1024 * 1024;
/** And of a .htaccess file. */
export const maximumHtaccessLine = 8191;

/** Joins continued lines, then drops comments: a comment that ends in a backslash takes the next line with it. */
export function splitLines(
  content: Buffer,
  longest = maximumLineLength,
): { lines: LogicalLine[]; problems: LineProblem[] } {
  const lines: LogicalLine[] = [];
  const problems: LineProblem[] = [];
  if (isUtf16(content)) {
    problems.push({
      kind: 'encoding',
      severity: 'error',
      line: 0,
      message: 'is encoded as UTF-16; expected UTF-8',
    });
    return { lines, problems };
  }
  // One character per byte: positions of LF, NUL and backslash do not depend on the encoding.
  const bytes = content.subarray(startsWithByteOrderMark(content) ? 3 : 0).toString('latin1');
  let at = 0;
  let line = 0;
  while (at < bytes.length) {
    const pieces: string[] = [];
    const start = at;
    const firstLine = line + 1;
    let length = 0;
    let continued = true;
    while (continued && at < bytes.length) {
      line += 1;
      const physical = readPhysicalLine(bytes, at);
      at = physical.next;
      continued = physical.continued;
      pieces.push(physical.text);
      length += physical.text.length;
      if (physical.cut)
        problems.push({
          kind: 'nul-byte',
          severity: 'warning',
          line,
          message: 'a NUL byte ends the line early, as in httpd',
        });
    }
    if (length > longest) {
      problems.push({
        kind: 'line-too-long',
        severity: 'error',
        line,
        message: `the line is too long; expected at most ${longest} bytes`,
      });
      return { lines, problems };
    }
    const joined = trimSpace(pieces.join(''));
    if (joined === '' || joined.startsWith('#')) continue;
    const text = decode(joined);
    if (text === undefined)
      problems.push({ kind: 'encoding', severity: 'error', line, message: 'expected UTF-8 text' });
    lines.push({ text: text ?? joined, line, firstLine, content: bytes, start });
  }
  return { lines, problems };
}

/** One line of a file's bytes; `continued` if the next one belongs to it, `cut` if a NUL ended it early. */
export function readPhysicalLine(
  bytes: string,
  start: number,
): { text: string; next: number; continued: boolean; cut: boolean } {
  const newline = bytes.indexOf('\n', start);
  const next = newline < 0 ? bytes.length : newline + 1;
  const full = bytes.slice(start, newline < 0 ? bytes.length : newline);
  const nul = full.indexOf('\0');
  if (nul >= 0) return { text: full.slice(0, nul), next, continued: false, cut: true };
  // Only a backslash right before the newline continues; what stands before it is not looked at.
  if (newline >= 0 && full.endsWith('\\'))
    return { text: full.slice(0, -1), next, continued: true, cut: false };
  if (newline >= 0 && full.endsWith('\\\r'))
    return { text: full.slice(0, -2), next, continued: true, cut: false };
  return { text: full, next, continued: false, cut: false };
}

/** Removes the blanks of C's isspace() at both ends. */
export function trimSpace(text: string): string {
  let start = 0;
  let end = text.length;
  while (start < end && isSpace(text, start)) start += 1;
  while (end > start && isSpace(text, end - 1)) end -= 1;
  return text.slice(start, end);
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

function decode(byteString: string): string | undefined {
  if (!/[\x80-\xff]/.test(byteString)) return byteString;
  try {
    return utf8.decode(Buffer.from(byteString, 'latin1'));
  } catch {
    return undefined;
  }
}

/** Whether bytes, one character each, are UTF-8. */
export function isDecodable(byteString: string): boolean {
  return decode(byteString) !== undefined;
}

function startsWithByteOrderMark(content: Buffer): boolean {
  return content[0] === 0xef && content[1] === 0xbb && content[2] === 0xbf;
}

function isUtf16(content: Buffer): boolean {
  return (content[0] === 0xff && content[1] === 0xfe) || (content[0] === 0xfe && content[1] === 0xff);
}
