/**
 * Text that comes from a request (path, header values, environ) is a *byte string*: each character is one byte, as Apache
 * compares them. Text from the site file is Unicode. These two functions are the border.
 */

/** Unicode text → byte string (its UTF-8 bytes, one character each). */
export function toByteString(text: string): string {
  return isAscii(text) ? text : Buffer.from(text, 'utf8').toString('latin1');
}

/** Byte string → what the file system functions of Node take, byte for byte. */
export function toFilePath(byteString: string): string | Buffer {
  return isAscii(byteString) ? byteString : Buffer.from(byteString, 'latin1');
}

function isAscii(text: string): boolean {
  for (let at = 0; at < text.length; at += 1) if (text.charCodeAt(at) > 0x7f) return false;
  return true;
}
