/** Text that may stand in HTML, in an element or in a quoted attribute. */
export function htmlEscape(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
