/** Makes the fields of one Headers object those of another; what is alike stays where it is. */
export function matchFields(headers: Headers, to: Headers): void {
  for (const name of [...headers.keys()]) if (!to.has(name)) headers.delete(name);
  for (const [name, value] of to)
    if (name !== 'set-cookie' && headers.get(name) !== value) headers.set(name, value);
  const cookies = to.getSetCookie();
  if (isSame(headers.getSetCookie(), cookies)) return;
  headers.delete('set-cookie');
  for (const cookie of cookies) headers.append('set-cookie', cookie);
}

function isSame(texts: readonly string[], others: readonly string[]): boolean {
  return texts.length === others.length && texts.every((text, at) => text === others[at]);
}
