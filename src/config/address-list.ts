import { readFileSync } from 'node:fs';
import { type AddressRange, parseAddressRange } from '../matching/index.js';
import type { Here } from './draft.js';
import { resolvePath } from './values.js';

/** Addresses and ranges that a directive takes; reports each word that is none. Names are not looked up. */
export function takeAddresses(here: Here, words: readonly string[]): AddressRange[] {
  return words.flatMap((word) => {
    const range = parseAddressRange(word);
    if (range === undefined) here.fail(`expected an IP address or a range such as 10.0.0.0/8, not '${word}'`);
    return range ?? [];
  });
}

/** The words of a file that a directive names, without comments; reports a file that cannot be read. */
export function readAddressFile(here: Here, path: string): string[] {
  try {
    const text = readFileSync(resolvePath(here, path), 'utf8');
    return text.split('\n').flatMap((line) =>
      line
        .replace(/#.*/, '')
        .split(/\s+/)
        .filter((word) => word !== ''),
    );
  } catch (error) {
    here.fail(`the list of addresses cannot be read: ${(error as Error).message}`, { at: 'arguments' });
    return [];
  }
}
