import type { StickySession } from '../config/model.js';
import { toByteString } from '../http/index.js';

/** Which member a request belongs to, by its session. Byte strings. */
export interface SessionRoute {
  /** Of the cookie or the parameter that holds it. */
  readonly name: string;
  readonly route: string;
}

/**
 * The route in a request: a parameter of path or query before the cookie (as httpd). `url`: path and query, as they are sent on; `cookies`:
 * the Cookie header.
 */
export function findSessionRoute(
  sticky: StickySession,
  url: string,
  cookies: string | undefined,
): SessionRoute | undefined {
  const parameter = toByteString(sticky.parameter);
  const inUrl = findParameter(url, parameter, sticky.semicolonEnds);
  if (inUrl !== undefined) return routeOf(sticky, parameter, inUrl);
  const cookie = toByteString(sticky.cookie);
  const inCookie = cookies === undefined ? undefined : findCookie(cookies, cookie);
  return inCookie === undefined ? undefined : routeOf(sticky, cookie, inCookie);
}

/** Behind the first separator. A value without one belongs to no member. */
function routeOf({ separator }: StickySession, name: string, value: string): SessionRoute | undefined {
  const at = value.indexOf(toByteString(separator));
  return at < 0 ? undefined : { name, route: value.slice(at + toByteString(separator).length) };
}

/** Wherever the name stands before a `=`, in a path as well as in a query. */
function findParameter(url: string, name: string, semicolonEnds: boolean): string | undefined {
  const at = url.indexOf(`${name}=`);
  if (at < 0) return undefined;
  const [value = ''] = url.slice(at + name.length + 1).split(semicolonEnds ? /[?&;]/ : /[?&]/, 1);
  return value === '' ? undefined : value;
}

function findCookie(cookies: string, name: string): string | undefined {
  for (const part of cookies.split(/[;,]/)) {
    const equals = part.indexOf('=');
    if (equals >= 0 && part.slice(0, equals).trim() === name)
      return part.slice(equals + 1).trim() || undefined;
  }
  return undefined;
}
