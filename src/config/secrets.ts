import { hideUrlPasswords, isSecretName } from '../log/index.js';
import { findWordEnd, findWordStart } from './find-word-end.js';

/** Directives whose arguments are, or hold, a password or a key. */
const secretDirectives =
  /^(AuthBasicFake|AuthLDAPBindPassword|AuthFormSitePassphrase|SessionCryptoPassphrase|DBDParams|DBDInitSQL)$/i;

/** What stands before a value; one that is hidden already is left alone. */
const assignment = /\b([a-z_][a-z0-9_]*)=(?!["']?[*]{3})/gi;
/** Of directives that set no variables. */
const secretParameter = /^(secret|password)$/i;

/** `Cookie: value` within a value, as in a replacement. */
const fieldInValue = /\b((?:Authorization|Cookie|X-Api-Key):?["']?)\s+\S.*$/is;

/** Whether a line of a site file holds a password or a key, which is then not shown: not in messages, not in listings. */
export function holdsSecret(line: string): boolean {
  return hideSecrets(line) !== line;
}

/** The line with passwords and keys replaced by `***`. */
export function hideSecrets(line: string): string {
  const [, name = '', blank = '', tail = ''] = /^(\S+)(\s+)(.*)$/s.exec(line) ?? [];
  if (tail === '') return line;
  if (secretDirectives.test(name)) return `${name}${blank}***`;
  if (/^(SetEnv|Define)$/i.test(name)) return hideValue(line, name, blank, tail);
  if (/^ProxyFCGISetEnvIf$/i.test(name)) return `${name}${blank}${hideChange(tail)}`;
  if (/^RewriteRule$/i.test(name)) return hideParameters(hideFlags(line));
  if (/^(SetEnvIf(NoCase|Expr)?|BrowserMatch(NoCase)?|WSGIDaemonProcess)$/i.test(name))
    return hideUrlPasswords(hideAssignments(line, isSecretName));
  if (/^(Request)?Header$/i.test(name)) return `${name}${blank}${hideParameters(hideField(tail))}`;
  return hideParameters(line);
}

function hideParameters(text: string): string {
  return hideAssignments(hideUrlPasswords(text), (parameter) => secretParameter.test(parameter));
}

/** `NAME=value` in a word, behind `env=` or not, with quotes around whatever it is: what follows a secret name in its word is hidden. */
function hideAssignments(text: string, isSecret: (name: string) => boolean): string {
  let shown = '';
  for (let at = 0; at < text.length; ) {
    const start = findWordStart(text, at);
    const end = findWordEnd(text, start);
    const word = text.slice(start, end);
    shown += text.slice(at, start) + hideInWord(word, isSecret);
    at = end;
  }
  return shown;
}

function hideInWord(word: string, isSecret: (name: string) => boolean): string {
  for (const { 0: beginning, 1: variable = '', index } of word.matchAll(assignment))
    if (isSecret(variable))
      return `${word.slice(0, index + beginning.length).replace(/^["']|(?<==)["']/g, '')}***`;
  return word;
}

/** `expression variable value`: whatever follows a secret name, wherever quotes make words end. */
function hideChange(tail: string): string {
  for (const { 0: name, index } of tail.matchAll(/(?<=\s)["']?[a-z_][a-z0-9_]*["']?(?=\s+\S)/gi))
    if (isSecretWord(name)) return `${tail.slice(0, index + name.length)} ***`;
  return hideUrlPasswords(tail);
}

/** With quotes around it, perhaps. */
function isSecretWord(word: string): boolean {
  return isSecretName(word.replace(/["']/g, ''));
}

/** `E=NAME:value` among the flags of a rule; a comma ends the value, whatever is around it. */
function hideFlags(line: string): string {
  return line.split(',').map(hideFlag).join(',');
}

/** Behind a comma, or behind all that stands before the flags. Bounded, see above. */
function hideFlag(piece: string): string {
  const [end] = /\]["']?\s*$/.exec(piece.slice(-10)) ?? [''];
  for (const { 0: beginning, 1: name = '', index } of piece.matchAll(
    /(?<![^\s["'])e(?:nv)?=((?:[^:{,]|\{[^},]{0,100}\}){1,100}):/gi,
  ))
    if (isSecretWord(name)) return `${piece.slice(0, index + beginning.length)}***${end}`;
  return piece;
}

/** `[always] action name value`, with a colon behind the name, perhaps. */
function hideField(tail: string): string {
  for (let at = 0, words = 0; at < tail.length && words < 3; words += 1) {
    const end = findWordEnd(tail, at);
    const name = tail.slice(at, end).replace(/:?["']?$/, '');
    if (isSecretWord(name) && tail.slice(end).trim() !== '') return `${tail.slice(0, end)} ***`;
    at = findWordStart(tail, end);
  }
  return tail.replace(fieldInValue, '$1 ***');
}

function hideValue(line: string, name: string, blank: string, tail: string): string {
  const [, variable = '', between = '', value = ''] = /^(\S+)(\s+)(.*)$/s.exec(tail) ?? [];
  if (value !== '' && isSecretWord(variable)) return `${name}${blank}${variable}${between}***`;
  const shown = hideUrlPasswords(tail);
  return shown === tail ? line : `${name}${blank}${shown}`;
}
