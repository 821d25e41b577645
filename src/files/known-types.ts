import mime from 'mime';

/** The media type that an extension (in lower case) has everywhere. */
export function widelyKnownType(extension: string): string | undefined {
  return mime.getType(extension) ?? undefined;
}
