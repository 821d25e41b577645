import send from '@fastify/send';

/**
 * The media type by the extensions of the file's name; undefined, and no default, if none is known. The last known
 * extension decides, so `page.html.en` is HTML. What stands before the first dot is no extension, nor is that of a dot
 * file: `.html` has none.
 */
export function contentTypeOf(filename: string): string | undefined {
  const name = filename.slice(filename.lastIndexOf('/') + 1).replace(/^\.+/, '');
  const extensions = name.split('.').slice(1);
  for (const extension of extensions.reverse()) {
    const type = extension && (currentTypes.get(extension.toLowerCase()) ?? send.mime.getType(extension));
    if (type) return type;
  }
  return undefined;
}

/** Where the library's table is older than RFC 9239. */
const currentTypes = new Map([
  ['js', 'text/javascript'],
  ['mjs', 'text/javascript'],
]);
