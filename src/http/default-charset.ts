/** AddDefaultCharset: names a character set for text/html and text/plain that name none. `charset` '' adds nothing. */
export function addDefaultCharset(type: string, charset: string): string {
  if (charset === '' || !/^\s*text\/(?:html|plain)\s*(?:;|$)/i.test(type) || /;\s*charset\s*=/i.test(type)) {
    return type;
  }
  return `${type}; charset=${charset}`;
}
