/** What stands in place of a value that is not shown. */
export const hidden = '***';

/** Variables and header fields whose values nobody should read over a shoulder. */
const secretName = /pass(word|wd|phrase)?|secret|token|credential|(^|_)(api_?|private_?|access_?)?key$/i;

/** `postgres://user:password@host`. Bounded: a line can be 16 MiB long. */
const credentialsInUrl = /\b([a-z][a-z0-9+.-]{0,30}:\/\/[^\s/:@"']{0,200}):[^\s/@"']{1,500}@/gi;

/** Whether a variable or a header field of this name is likely to hold a password or a key. */
export function isSecretName(name: string): boolean {
  const words = name.replaceAll('-', '_');
  return secretName.test(words) || /(^|_)authorization$|^(http_|set_)?cookie$/i.test(words);
}

/** The text without the passwords of the URLs in it. */
export function hideUrlPasswords(text: string): string {
  return text.replace(credentialsInUrl, `$1:${hidden}@`);
}

/** A variable's, or a field's, value as it may be shown to whoever looks. */
export function hideSecretValue(name: string, value: string): string {
  return isSecretName(name) && value !== '' ? hidden : hideUrlPasswords(value);
}

/** The same of name, value, … */
export function hideSecretPairs(pairs: readonly string[]): string[] {
  return pairs.map((text, at) => (at % 2 === 0 ? text : hideSecretValue(pairs[at - 1] as string, text)));
}
