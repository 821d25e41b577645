/** The query is `status,location`. */
export function application(environ, startResponse) {
  const [status, location] = environ.QUERY_STRING.split(/,(.*)/s);
  const headers = [
    ['Content-Type', 'text/plain'],
    ['Location', location],
    ['X-App', 'yes'],
    ['Set-Cookie', 'a=b'],
  ];
  startResponse(`${status} Whatever`, headers);
  return ['body of app'];
}
