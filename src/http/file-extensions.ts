/**
 * The extensions of a file's name in lower case, first to last: `Page.HTML.en` has `html` and `en`. What stands before the
 * first dot is no extension, nor is that of a dot file: `.html` has none.
 */
export function extensionsOf(filename: string): readonly string[] {
  const name = filename.slice(filename.lastIndexOf('/') + 1).replace(/^\.+/, '');
  return name
    .split('.')
    .slice(1)
    .filter((extension) => extension !== '')
    .map((extension) => extension.toLowerCase());
}
