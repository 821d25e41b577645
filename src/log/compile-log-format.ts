import type { AccessRecord } from './access-record.js';
import { type LogFormatToken, parseLogFormat } from './log-format.js';
import { compileLogItem } from './log-items.js';

/**
 * A LogFormat text → a function that writes the line of one request: a byte string, still without its
 * newline. Throws LogFormatError as `parseLogFormat` does.
 */
export function compileLogFormat(format: string): (record: AccessRecord) => string {
  const pieces = parseLogFormat(format).map(compileToken);
  return (record) => {
    let line = '';
    for (const piece of pieces) line += typeof piece === 'string' ? piece : piece(record);
    return line;
  };
}

function compileToken(token: LogFormatToken): string | ((record: AccessRecord) => string | number) {
  if (token.kind === 'text') return token.text;
  const text = compileLogItem(token.code, token.argument, token.which);
  const { statuses } = token;
  if (!statuses) return (record) => text(record) ?? '-';
  const codes = new Set(statuses.codes);
  return (record) => (codes.has(record.status) === statuses.negated ? '-' : (text(record) ?? '-'));
}
