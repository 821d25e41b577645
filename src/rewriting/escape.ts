import type { BackreferenceEscape } from './model.js';

/** What a pattern caught, as it is put in under B and its kin. */
export function escapeBackreference(text: string, how: BackreferenceEscape): string {
  return text.replace(/[^A-Za-z0-9_]/g, (byte) => {
    if (!isMeant(byte, how)) return byte;
    if (byte === ' ' && how.plus) return '+';
    return `%${byte.charCodeAt(0).toString(16).padStart(2, '0')}`;
  });
}

function isMeant(byte: string, { which, characters, except }: BackreferenceEscape): boolean {
  if (except.includes(byte)) return false;
  switch (which) {
    case 'all':
      return true;
    case 'controls':
      return /[\x00-\x20\x7f]/.test(byte);
    case 'some':
      return characters.includes(byte);
  }
}
