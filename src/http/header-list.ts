/**
 * Header fields as they were sent: name, value, name, value, …. Every character is one byte (latin-1), which is how
 * Node reads and writes them.
 */
export type HeaderList = readonly string[];

/** The value of the first field of that name, compared without case; undefined if there is none. */
export function headerValue(headers: HeaderList, name: string): string | undefined {
  const wanted = name.toLowerCase();
  for (let at = 0; at < headers.length; at += 2) {
    const field = headers[at] as string;
    if (field.length === wanted.length && field.toLowerCase() === wanted) return headers[at + 1];
  }
  return undefined;
}
