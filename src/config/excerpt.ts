/** A part of a physical line for people to look at, and which of its characters are meant. */
export interface Excerpt {
  readonly text: string;
  /** Index in `text`, from 0. */
  readonly start: number;
  readonly length: number;
}

/** Characters on either side of what is meant; a line can be 16 MiB long. */
const margin = 80;

/** The line around two columns, which count from 1; what is left out becomes `…`. What a terminal would not show as it is becomes `?`; tabs stay. */
export function cutExcerpt(line: string, column: number, endColumn: number): Excerpt {
  const first = Math.max(0, column - 1 - margin);
  const meant = Math.min(endColumn - column, margin);
  const last = Math.min(line.length, column - 1 + meant + margin);
  const before = first > 0 ? '…' : '';
  const after = last < line.length ? '…' : '';
  const text = `${before}${line.slice(first, last)}${after}`
    .replace(/[\x00-\x08\x0a-\x1f\x7f-\x9f\u2028\u2029]/g, '?')
    .replace(/\p{Cf}/gu, (hidden) => '?'.repeat(hidden.length))
    .trimEnd();
  return { text, start: column - 1 - first + before.length, length: Math.max(1, meant) };
}
