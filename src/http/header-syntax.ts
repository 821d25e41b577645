/** RFC 9110 section 5.6.2: one or more of the characters a method or a field name may hold. */
export function isToken(text: string): boolean {
  return /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/.test(text);
}

export function isHeaderName(text: string): boolean {
  return isToken(text);
}

/** Response fields that frame the message or speak of the server: nobody else says them. `name` in any case. */
export function isServersOwn(name: string): boolean {
  return /^(content-length|transfer-encoding|trailer|keep-alive|date|server)$/i.test(name);
}

/** RFC 9110 section 5.5: bytes without control characters, except TAB. */
export function isHeaderValue(text: string): boolean {
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if ((code < 0x20 && code !== 0x09) || code === 0x7f || code > 0xff) return false;
  }
  return true;
}
