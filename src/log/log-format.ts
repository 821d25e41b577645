import { findLogItemProblem, type StatusFilter } from './log-items.js';

/** A LogFormat text that cannot be used; the message says which directive of it is wrong. */
export class LogFormatError extends Error {
  override readonly name = 'LogFormatError';
}

/** A piece of a LogFormat: literal text (a byte string), or `%…`. */
export type LogFormatToken =
  | { readonly kind: 'text'; readonly text: string }
  | {
      readonly kind: 'item';
      /** `h`, `s`, `^FB`, … */
      readonly code: string;
      /** Between braces; '' if there are none. */
      readonly argument: string;
      /** `<` and `>`; absent: the code's own choice. */
      readonly which?: 'original' | 'final';
      /** `%400,501{…}i`; absent: every status. */
      readonly statuses?: StatusFilter;
    };

/** Nicknames that a site file may use in CustomLog without defining them. */
export const predefinedLogFormats: ReadonlyMap<string, string> = new Map([
  ['common', '%h %l %u %t "%r" %>s %b'],
  ['combined', '%h %l %u %t "%r" %>s %b "%{Referer}i" "%{User-Agent}i"'],
  ['vhost_combined', '%v:%p %h %l %u %t "%r" %>s %O "%{Referer}i" "%{User-Agent}i"'],
  ['referer', '%{Referer}i -> %U'],
  ['agent', '%{User-agent}i'],
]);

/** Splits a LogFormat text. Throws LogFormatError for a directive that does not exist or does not end. */
export function parseLogFormat(format: string): LogFormatToken[] {
  const tokens: LogFormatToken[] = [];
  let at = 0;
  while (at < format.length) {
    const [token, next] = format[at] === '%' ? readItem(format, at) : readText(format, at);
    tokens.push(token);
    at = next;
  }
  return tokens;
}

function readText(format: string, start: number): [LogFormatToken, number] {
  const percent = format.indexOf('%', start);
  const end = percent < 0 ? format.length : percent;
  const text = format
    .slice(start, end)
    .replace(/\\([nt\\])/g, (_, letter: string) => (letter === 'n' ? '\n' : letter === 't' ? '\t' : '\\'));
  return [{ kind: 'text', text: Buffer.from(text, 'utf8').toString('latin1') }, end];
}

/** Everything between `%` and the code may stand in any order, as in Apache. */
const itemPattern = /%((?:[!<>,]|\d+|\{[^}]*\})*)(\^..|[^{])?/suy;

function readItem(format: string, start: number): [LogFormatToken, number] {
  itemPattern.lastIndex = start;
  const [written = '%', modifiers = '', code] = itemPattern.exec(format) ?? [];
  const end = start + written.length;
  if (written === '%%') return [{ kind: 'text', text: '%' }, end];
  if (code === undefined)
    throw new LogFormatError(`'${format.slice(start)}' at the end of the format is cut off`);
  const argument = /\{([^}]*)\}/.exec(modifiers)?.[1] ?? '';
  const problem = findLogItemProblem(code, argument);
  if (problem !== undefined)
    throw new LogFormatError(`Unrecognized LogFormat directive '${written}': ${problem}`);

  const outside = modifiers.replace(/\{[^}]*\}/g, '');
  const codes = outside.match(/\d+/g)?.map(Number);
  const original = outside.lastIndexOf('<');
  const final = outside.lastIndexOf('>');
  return [
    {
      kind: 'item',
      code,
      argument,
      ...(original === final ? {} : { which: original > final ? 'original' : 'final' }),
      ...(codes ? { statuses: { codes, negated: outside.includes('!') } } : {}),
    },
    end,
  ];
}
