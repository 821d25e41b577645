/** A file's name on the wire (a byte string) as the text that Node's loader takes; names on disk are UTF-8. */
export function toFileName(byteString: string): string {
  return Buffer.from(byteString, 'latin1').toString('utf8');
}
