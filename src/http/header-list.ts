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

/** The values of all fields of that name, in their order. */
export function headerValues(headers: HeaderList, name: string): string[] {
  const wanted = name.toLowerCase();
  const values: string[] = [];
  for (let at = 0; at < headers.length; at += 2) {
    const field = headers[at] as string;
    if (field.length === wanted.length && field.toLowerCase() === wanted) values.push(headers[at + 1] ?? '');
  }
  return values;
}

/** The list without the fields of that name. */
export function withoutHeader(headers: HeaderList, name: string): string[] {
  const unwanted = name.toLowerCase();
  return selectHeaders(headers, (field) => field !== unwanted);
}

/** The list with that one field in place of all of its name, at the end. */
export function setHeader(headers: HeaderList, name: string, value: string): string[] {
  return [...withoutHeader(headers, name), name, value];
}

/** The fields whose name, in lower case, is wanted. */
export function selectHeaders(headers: HeaderList, isWanted: (name: string) => boolean): string[] {
  const selected: string[] = [];
  for (let at = 0; at < headers.length; at += 2) {
    const field = headers[at] as string;
    if (isWanted(field.toLowerCase())) selected.push(field, headers[at + 1] ?? '');
  }
  return selected;
}
