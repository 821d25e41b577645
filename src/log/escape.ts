/**
 * Text from outside → printable ASCII on one line, as Apache's access log writes it: `"` and `\` get a backslash,
 * control characters become `\n`, `\t`, … and every other byte `\xhh`. Characters beyond one byte are written as
 * their UTF-8 bytes.
 */
export function escapeLogItem(text: string): string {
  return needsEscape.test(text) ? text.replace(needsEscapeAll, escapeCharacter) : text;
}

/** The same for the error log, where the text stands between no quotes and so `"` needs no backslash. */
export function escapeErrorText(text: string): string {
  return needsErrorEscape.test(text) ? text.replace(needsErrorEscapeAll, escapeCharacter) : text;
}

const needsEscape = /[^ !#-[\]-~]/;
const needsEscapeAll = /[^ !#-[\]-~]/gu;
const needsErrorEscape = /[^ -[\]-~]/;
const needsErrorEscapeAll = /[^ -[\]-~]/gu;

const named = new Map([
  ['"', '\\"'],
  ['\\', '\\\\'],
  ['\b', '\\b'],
  ['\n', '\\n'],
  ['\r', '\\r'],
  ['\t', '\\t'],
  ['\v', '\\v'],
]);

function escapeCharacter(character: string): string {
  const name = named.get(character);
  if (name !== undefined) return name;
  const code = character.charCodeAt(0);
  if (code <= 0xff) return escapeByte(code);
  return Array.from(Buffer.from(character, 'utf8'), escapeByte).join('');
}

function escapeByte(byte: number): string {
  return `\\x${byte.toString(16).padStart(2, '0')}`;
}
