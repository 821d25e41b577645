/** Directives whose arguments are, or hold, a password or a key. */
const secretDirectives =
  /^(AuthBasicFake|AuthLDAPBindPassword|AuthFormSitePassphrase|SessionCryptoPassphrase|DBDParams|DBDInitSQL)$/i;

/** Variables whose values nobody should read over a shoulder. */
const secretName = /pass(word|wd|phrase)?|secret|token|credential|(^|_)(api_?|private_?|access_?)?key$/i;

/** A quoted part as Apache reads it: the quote may stand in it behind a backslash. One that nothing closes goes to the end. */
const quoted = /"(?:[^"\\]|\\[\s\S]|\\$)*(?:"|$)|'(?:[^'\\]|\\[\s\S]|\\$)*(?:'|$)/.source;
const word = `(?:[^\\s"']|${quoted})+`;
const everyWord = new RegExp(word, 'g');
const everySecret = assignmentTo('secret|password');
const everyVariable = assignmentTo('[a-z_][a-z0-9_]*');
const conditionAndVariable = new RegExp(`^(${word}\\s+)(\\S+)(\\s+)\\S[\\s\\S]*$`);

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
    return `${name}${blank}${hideVariables(tail, '')}`.replace(everyVariable, hideIfSecret);
  if (/^(Request)?Header$/i.test(name) && /\b(Authorization|Cookie|X-Api-Key)\b/i.test(tail))
    return `${name}${blank}${tail.replace(/\b(Authorization|Cookie|X-Api-Key)(:?["']?)\s.*$/is, '$1$2 ***')}`;
  if (/^WSGIDaemonProcess$/i.test(name))
    return hideVariables(line, 'env=').replace(credentialsInUrl, '$1:***@');
  return line.replace(credentialsInUrl, '$1:***@').replace(everySecret, '$1=***');
}

/** `NAME=value` behind a prefix such as `env=`, with quotes around the whole, around what is behind the prefix, or around the value. */
function hideVariables(text: string, prefix: string): string {
  const assignment = new RegExp(`^["']?${prefix}["']?([A-Za-z_][A-Za-z0-9_]*)=`);
  return text.replace(everyWord, (each) => {
    const [start, variable = ''] = assignment.exec(each) ?? [''];
    return secretName.test(variable) ? `${start.replace(/["']/g, '')}***` : each;
  });
}

function hideIfSecret(assignment: string, variable: string): string {
  return secretName.test(variable) ? `${variable}=***` : assignment;
}

/** `expression variable value` */
function hideChange(tail: string): string {
  const [, expression = '', variable = '', between = ''] = conditionAndVariable.exec(tail) ?? [];
  if (secretName.test(variable.replace(/["']/g, ''))) return `${expression}${variable}${between}***`;
  return tail.replace(credentialsInUrl, '$1:***@');
}

function hideValue(line: string, name: string, blank: string, tail: string): string {
  const [, variable = '', between = '', value = ''] = /^(\S+)(\s+)(.*)$/s.exec(tail) ?? [];
  if (value !== '' && secretName.test(variable.replace(/["']/g, '')))
    return `${name}${blank}${variable}${between}***`;
  const shown = tail.replace(credentialsInUrl, '$1:***@');
  return shown === tail ? line : `${name}${blank}${shown}`;
}

function assignmentTo(names: string): RegExp {
  return new RegExp(`\\b(${names})=(?!["']?[*]{3})(${quoted}|\\S+)`, 'gi');
}
