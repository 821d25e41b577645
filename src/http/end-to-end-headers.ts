import { type HeaderList, headerValues, selectHeaders } from './header-list.js';

/** RFC 9110 section 7.6.1, with those that RFC 2616 section 13.5.1 called hop-by-hop. */
const hopByHop: ReadonlySet<string> = new Set([
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'trailers',
  'transfer-encoding',
  'upgrade',
]);

/** Connection cannot take these away: without them the message would mean something else. */
const indispensable: ReadonlySet<string> = new Set(['content-length', 'host']);

/** `name` in lower case. */
export function isHopByHop(name: string): boolean {
  return hopByHop.has(name);
}

/** Request or response headers without hop-by-hop fields and without those that Connection names. */
export function endToEndHeaders(headers: HeaderList): string[] {
  const named = new Set<string>();
  for (const value of headerValues(headers, 'connection')) {
    for (const option of value.split(',')) named.add(option.trim().toLowerCase());
  }
  return selectHeaders(
    headers,
    (name) => !hopByHop.has(name) && (indispensable.has(name) || !named.has(name)),
  );
}
