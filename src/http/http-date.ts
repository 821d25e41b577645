/** IMF-fixdate of RFC 9110 section 5.6.7, from milliseconds since 1970. */
export function formatHttpDate(ms: number): string {
  return new Date(ms).toUTCString();
}
