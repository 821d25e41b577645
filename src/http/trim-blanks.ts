/**
 * Without the spaces and tabs around it, which are no part of a field's value (RFC 9110 section 5.5). Takes as long as there are blanks: a
 * regular expression for blanks at the end would look from each blank within the text to the end of its row.
 */
export function trimBlanks(text: string, from = 0, to = text.length): string {
  return trim(text, from, to, false);
}

/** The same of what C's isspace() names, but for line feeds. Not String.trim(): a byte of a UTF-8 name may look like a no-break space. */
export function trimSpace(text: string, from = 0, to = text.length): string {
  return trim(text, from, to, true);
}

function trim(text: string, from: number, to: number, asInC: boolean): string {
  let begin = from;
  let end = to;
  while (begin < end && isBlank(text.charCodeAt(begin), asInC)) begin += 1;
  while (end > begin && isBlank(text.charCodeAt(end - 1), asInC)) end -= 1;
  return text.slice(begin, end);
}

function isBlank(code: number, asInC: boolean): boolean {
  return code === 0x20 || code === 0x09 || (asInC && code >= 0x0b && code <= 0x0d);
}
