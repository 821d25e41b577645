import { loadSend } from './load-send.js';

/** The media type that an extension (in lower case) has everywhere. */
export function widelyKnownType(extension: string): string | undefined {
  return currentTypes.get(extension) ?? loadSend().mime.getType(extension) ?? undefined;
}

/** Where the library's table is older than RFC 9239. */
const currentTypes = new Map([
  ['js', 'text/javascript'],
  ['mjs', 'text/javascript'],
]);
