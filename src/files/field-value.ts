import { type HeaderList, headerValues } from '../http/index.js';

/** All fields of that name as one value, joined by commas as RFC 9110 section 5.3 says; undefined if there is none. */
export function fieldValue(headers: HeaderList, name: string): string | undefined {
  const values = headerValues(headers, name);
  return values.length > 0 ? values.join(', ') : undefined;
}
