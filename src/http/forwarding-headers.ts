/** What a header of a proxy in front speaks of; `scheme` by its name, `secure` by On and Off. */
export type ForwardedSubject = 'client' | 'host' | 'server' | 'port' | 'script' | 'scheme' | 'secure';

/** The headers that WSGITrustedProxyHeaders can name (mod_wsgi knows no others), in lower case. */
export const forwardingHeaders: ReadonlyMap<string, ForwardedSubject> = new Map([
  ['x-forwarded-for', 'client'],
  ['x-client-ip', 'client'],
  ['x-real-ip', 'client'],
  ['x-forwarded-host', 'host'],
  ['x-host', 'host'],
  ['x-forwarded-server', 'server'],
  ['x-forwarded-port', 'port'],
  ['x-script-name', 'script'],
  ['x-forwarded-script-name', 'script'],
  ['x-forwarded-proto', 'scheme'],
  ['x-forwarded-scheme', 'scheme'],
  ['x-scheme', 'scheme'],
  ['x-forwarded-https', 'secure'],
  ['x-forwarded-ssl', 'secure'],
  ['x-https', 'secure'],
]);
