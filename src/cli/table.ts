/**
 * Rows as aligned columns, two blanks apart, under a heading. Every cell is printable and nothing is cut off: a path
 * that is too long for the terminal is still to be copied from it.
 */
export function formatTable(heading: readonly string[], rows: readonly (readonly string[])[]): string {
  const printed = [heading, ...rows].map((row) => row.map(printable));
  const widths = heading.map((_, column) => Math.max(...printed.map((row) => row[column]?.length ?? 0)));
  return printed.map((row) => `${alignRow(row, widths)}\n`).join('');
}

/** Text from a site file or a file system, safe for a terminal. */
export function printable(text: string): string {
  return text.replace(
    /[\x00-\x1f\x7f-\x9f]/g,
    (character) => `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`,
  );
}

function alignRow(row: readonly string[], widths: readonly number[]): string {
  return row
    .map((cell, column) => cell.padEnd(widths[column] ?? 0))
    .join('  ')
    .trimEnd();
}
