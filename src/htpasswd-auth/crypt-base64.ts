/** crypt(3)'s digits, in the order of their value. */
export const cryptDigits = './0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';

/**
 * crypt(3)'s base64: takes the bytes of the digest in the given order, three to a 24-bit number (the first highest) and
 * writes its digits lowest first. A last group of one or two bytes gives two or three digits; its missing bytes are the
 * high ones.
 */
export function encodeCryptBase64(digest: Buffer, order: readonly number[]): string {
  let text = '';
  for (let at = 0; at < order.length; at += 3) {
    const group = order.slice(at, at + 3);
    let value = group.reduce((sum, index) => (sum << 8) | (digest[index] ?? 0), 0);
    for (let digit = 0; digit <= group.length; digit += 1) {
      text += cryptDigits[value & 63];
      value >>= 6;
    }
  }
  return text;
}
