/** The schemes by which a result is known to lead to another server (httpd's list; `foo://x` is a path). */
const absolute =
  /^(?:(?:ajp|balancer|fcgi|ftp|gopher|h2c?|https?|ldaps?|nntp|scgi|uwsgi|wss?):\/\/|mailto:|news:|unix:)/i;

export function isAbsoluteUrl(text: string): boolean {
  return absolute.test(text);
}
