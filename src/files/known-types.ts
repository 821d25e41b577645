import otherTypes from 'mime/types/other.js';
import standardTypes from 'mime/types/standard.js';

let known: ReadonlyMap<string, string> | undefined;

/**
 * The media type that an extension (in lower case) has everywhere. The tables are those of the package mime; its own lookup makes three
 * more at start, and a thousand sets for questions that nobody asks here: 1 MB of each idle front end, of sites without files as well.
 */
export function widelyKnownType(extension: string): string | undefined {
  known ??= indexTypes();
  return known.get(extension);
}

/** Extension → media type. */
function indexTypes(): ReadonlyMap<string, string> {
  const types = [...Object.entries(standardTypes), ...Object.entries(otherTypes)];
  // A star says that the extension is usual for the type, but that another type is meant by it.
  return new Map(
    types.flatMap(([type, extensions]) =>
      extensions.filter((extension) => !extension.startsWith('*')).map((extension) => [extension, type]),
    ),
  );
}
