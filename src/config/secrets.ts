/** Directives whose arguments are, or hold, a password or a key. */
const secretDirectives =
  /^(AuthBasicFake|AuthLDAPBindPassword|AuthFormSitePassphrase|SessionCryptoPassphrase|DBDParams|DBDInitSQL)$/i;

/** Variables whose values nobody should read over a shoulder. */
const secretName = /pass(word|wd|phrase)?|secret|token|credential|(^|_)(api_?|private_?|access_?)?key$/i;

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
  if (/^(Request)?Header$/i.test(name) && /\b(Authorization|Cookie|X-Api-Key)\b/i.test(tail))
    return `${name}${blank}${tail.replace(/\b(Authorization|Cookie|X-Api-Key)(:?["']?)\s.*$/is, '$1$2 ***')}`;
  if (/^WSGIDaemonProcess$/i.test(name)) return hideVariables(line).replace(credentialsInUrl, '$1:***@');
  return line
    .replace(credentialsInUrl, '$1:***@')
    .replace(/\b(secret|password)=(?!["']?[*]{3})("[^"]*"|'[^']*'|\S+)/gi, '$1=***');
}

/** `env=NAME=value` of WSGIDaemonProcess, with quotes around the whole, around what is behind `env=`, or around the value. */
function hideVariables(line: string): string {
  return line.replace(/"[^"]*"|'[^']*'|[^\s"']+(?:"[^"]*"|'[^']*')?/g, (word) => {
    const [start, variable = ''] = /^["']?env=["']?([A-Za-z_][A-Za-z0-9_]*)=/.exec(word) ?? [''];
    return secretName.test(variable) ? `${start.replace(/["']/g, '')}***` : word;
  });
}

function hideValue(line: string, name: string, blank: string, tail: string): string {
  const [, variable = '', between = '', value = ''] = /^(\S+)(\s+)(.*)$/s.exec(tail) ?? [];
  if (value !== '' && secretName.test(variable)) return `${name}${blank}${variable}${between}***`;
  const shown = tail.replace(credentialsInUrl, '$1:***@');
  return shown === tail ? line : `${name}${blank}${shown}`;
}
