import { findWordEnd, findWordStart } from './find-word-end.js';

/** Directives whose arguments are, or hold, a password or a key. */
const secretDirectives =
  /^(AuthBasicFake|AuthLDAPBindPassword|AuthFormSitePassphrase|SessionCryptoPassphrase|DBDParams|DBDInitSQL)$/i;

/** Variables whose values nobody should read over a shoulder. */
const secretName = /pass(word|wd|phrase)?|secret|token|credential|(^|_)(api_?|private_?|access_?)?key$/i;

/** What stands before a value; one that is hidden already is left alone. */
const assignment = /\b([a-z_][a-z0-9_]*)=(?!["']?[*]{3})/gi;
/** Of directives that set no variables. */
const secretParameter = /^(secret|password)$/i;

/** `postgres://user:password@host`. Bounded: a line can be 16 MiB long. */
const credentialsInUrl = /\b([a-z][a-z0-9+.-]{0,30}:\/\/[^\s/:@"']{0,200}):[^\s/@"']{1,500}@/gi;

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
  if (/^(SetEnvIf(NoCase|Expr)?|BrowserMatch(NoCase)?)$/i.test(name))
    return hideAssignments(line, secretName).replace(credentialsInUrl, '$1:***@');
  if (/^(Request)?Header$/i.test(name) && /\b(Authorization|Cookie|X-Api-Key)\b/i.test(tail))
    return `${name}${blank}${tail.replace(/\b(Authorization|Cookie|X-Api-Key)(:?["']?)\s.*$/is, '$1$2 ***')}`;
  if (/^WSGIDaemonProcess$/i.test(name))
    return hideAssignments(line, secretName).replace(credentialsInUrl, '$1:***@');
  return hideAssignments(line.replace(credentialsInUrl, '$1:***@'), secretParameter);
}

/** `NAME=value` in a word, behind `env=` or not, with quotes around whatever it is: what follows a secret name in its word is hidden. */
function hideAssignments(text: string, secret: RegExp): string {
  let shown = '';
  for (let at = 0; at < text.length; ) {
    const start = findWordStart(text, at);
    const end = findWordEnd(text, start);
    const word = text.slice(start, end);
    shown += text.slice(at, start) + hideInWord(word, secret);
    at = end;
  }
  return shown;
}

function hideInWord(word: string, secret: RegExp): string {
  for (const { 0: beginning, 1: variable = '', index } of word.matchAll(assignment))
    if (secret.test(variable))
      return `${word.slice(0, index + beginning.length).replace(/^["']|(?<==)["']/g, '')}***`;
  return word;
}

/** `expression variable value`: whatever follows a secret name, wherever quotes make words end. */
function hideChange(tail: string): string {
  for (const { 0: name, index } of tail.matchAll(/(?<=\s)["']?[a-z_][a-z0-9_]*["']?(?=\s+\S)/gi))
    if (isSecretName(name)) return `${tail.slice(0, index + name.length)} ***`;
  return tail.replace(credentialsInUrl, '$1:***@');
}

/** With quotes around it, perhaps. */
function isSecretName(word: string): boolean {
  return secretName.test(word.replace(/["']/g, ''));
}

function hideValue(line: string, name: string, blank: string, tail: string): string {
  const [, variable = '', between = '', value = ''] = /^(\S+)(\s+)(.*)$/s.exec(tail) ?? [];
  if (value !== '' && isSecretName(variable)) return `${name}${blank}${variable}${between}***`;
  const shown = tail.replace(credentialsInUrl, '$1:***@');
  return shown === tail ? line : `${name}${blank}${shown}`;
}
