/** The methods that httpd knows by name; `<Limit>` and `Require method` compare them with case. */
export const knownMethods: readonly string[] = [
  'GET',
  'HEAD',
  'POST',
  'PUT',
  'DELETE',
  'CONNECT',
  'OPTIONS',
  'TRACE',
  'PATCH',
  'PROPFIND',
  'PROPPATCH',
  'MKCOL',
  'COPY',
  'MOVE',
  'LOCK',
  'UNLOCK',
  'VERSION-CONTROL',
  'CHECKOUT',
  'UNCHECKOUT',
  'CHECKIN',
  'UPDATE',
  'LABEL',
  'REPORT',
  'MKWORKSPACE',
  'MKACTIVITY',
  'BASELINE-CONTROL',
  'MERGE',
];

/** HEAD is GET without a body: whatever is said of one holds for the other. */
export function withoutHead(methods: readonly string[]): string[] {
  return [...new Set(methods.map((method) => (method === 'HEAD' ? 'GET' : method)))];
}
