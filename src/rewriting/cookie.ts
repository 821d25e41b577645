/** CO: `NAME:value:domain[:minutes[:path[:secure[:httponly[:samesite]]]]]`, or with `;` between them if it begins with one. */
export function makeCookie(text: string, now: Date): string | undefined {
  const isSemicolon = text.startsWith(';');
  const [
    name = '',
    value = '',
    domain = '',
    minutes = '',
    path = '',
    secure = '',
    httpOnly = '',
    sameSite = '',
  ] = (isSemicolon ? text.slice(1) : text).split(isSemicolon ? ';' : ':');
  if (name === '' || domain === '') return undefined;
  const lifetime = Number.parseInt(minutes, 10);
  const words = [
    `${name}=${value}`,
    `path=${path === '' ? '/' : path}`,
    `domain=${domain}`,
    ...(lifetime > 0 ? [`expires=${formatExpiry(new Date(now.getTime() + lifetime * 60_000))}`] : []),
    ...(/^(?:secure|true|1)$/i.test(secure) ? ['secure'] : []),
    ...(/^(?:httponly|true|1)$/i.test(httpOnly) ? ['HttpOnly'] : []),
    ...(/^(?:false|0)?$/i.test(sameSite) ? [] : [`SameSite=${sameSite}`]),
  ];
  const cookie = words.join('; ');
  // What a request brings must not begin a header field of its own.
  return /[\x00-\x1f\x7f]/.test(cookie) ? undefined : cookie;
}

/** `Sun, 22-Nov-2026 12:07:20 GMT` */
function formatExpiry(time: Date): string {
  const [weekday, day, month, year, clock] = time.toUTCString().split(' ');
  return `${weekday} ${day}-${month}-${year} ${clock} GMT`;
}
