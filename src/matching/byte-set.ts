/** A set of byte values, as a character class of a pattern means it. */
export class ByteSet {
  readonly #members = new Uint8Array(256);

  static of(...ranges: readonly (readonly [number, number])[]): ByteSet {
    const set = new ByteSet();
    for (const [low, high] of ranges) set.addRange(low, high);
    return set;
  }

  addRange(low: number, high: number): void {
    this.#members.fill(1, low, high + 1);
  }

  addSet(other: ByteSet): void {
    other.#members.forEach((member, byte) => {
      if (member === 1) this.#members[byte] = 1;
    });
  }

  complement(): ByteSet {
    const set = new ByteSet();
    this.#members.forEach((member, byte) => {
      set.#members[byte] = 1 - member;
    });
    return set;
  }

  /** Adds the other case of every ASCII letter in the set. */
  withBothCases(): ByteSet {
    const set = new ByteSet();
    set.addSet(this);
    for (let upper = 0x41; upper <= 0x5a; upper += 1) {
      const lower = upper + 0x20;
      if (this.#members[upper] === 1) set.#members[lower] = 1;
      if (this.#members[lower] === 1) set.#members[upper] = 1;
    }
    return set;
  }

  /** As the source of a JavaScript character class. */
  toSource(): string {
    let source = '';
    for (let low = 0; low < 256; low += 1) {
      if (this.#members[low] !== 1) continue;
      let high = low;
      while (this.#members[high + 1] === 1) high += 1;
      source += low === high ? hexEscape(low) : `${hexEscape(low)}-${hexEscape(high)}`;
      low = high;
    }
    return `[${source}]`;
  }
}

const digits = ByteSet.of([0x30, 0x39]);
const letters = ByteSet.of([0x41, 0x5a], [0x61, 0x7a]);
const alphanumerics = union(digits, letters);
const wordCharacters = union(alphanumerics, ByteSet.of([0x5f, 0x5f]));
const spaces = ByteSet.of([0x09, 0x0d], [0x20, 0x20]);
const horizontalSpaces = ByteSet.of([0x09, 0x09], [0x20, 0x20], [0xa0, 0xa0]);
const verticalSpaces = ByteSet.of([0x0a, 0x0d], [0x85, 0x85]);

/** `\d`, `\W` and their kin, as PCRE means them for bytes in the C locale. */
export const classEscapes: ReadonlyMap<string, ByteSet> = new Map([
  ['d', digits],
  ['D', digits.complement()],
  ['w', wordCharacters],
  ['W', wordCharacters.complement()],
  ['s', spaces],
  ['S', spaces.complement()],
  ['h', horizontalSpaces],
  ['H', horizontalSpaces.complement()],
  ['v', verticalSpaces],
  ['V', verticalSpaces.complement()],
]);

/** `[:name:]`. */
export const posixClasses: ReadonlyMap<string, ByteSet> = new Map([
  ['alpha', letters],
  ['digit', digits],
  ['alnum', alphanumerics],
  ['upper', ByteSet.of([0x41, 0x5a])],
  ['lower', ByteSet.of([0x61, 0x7a])],
  ['space', spaces],
  ['blank', ByteSet.of([0x09, 0x09], [0x20, 0x20])],
  ['punct', ByteSet.of([0x21, 0x2f], [0x3a, 0x40], [0x5b, 0x60], [0x7b, 0x7e])],
  ['cntrl', ByteSet.of([0x00, 0x1f], [0x7f, 0x7f])],
  ['graph', ByteSet.of([0x21, 0x7e])],
  ['print', ByteSet.of([0x20, 0x7e])],
  ['xdigit', ByteSet.of([0x30, 0x39], [0x41, 0x46], [0x61, 0x66])],
  ['word', wordCharacters],
  ['ascii', ByteSet.of([0x00, 0x7f])],
]);

/** `\xHH`. */
export function hexEscape(byte: number): string {
  return `\\x${byte.toString(16).padStart(2, '0')}`;
}

function union(...sets: readonly ByteSet[]): ByteSet {
  const all = new ByteSet();
  for (const set of sets) all.addSet(set);
  return all;
}
