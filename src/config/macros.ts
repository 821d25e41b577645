/** A line of a macro's body before its arguments are put in. */
export interface BodyLine {
  readonly text: string;
  readonly line: number;
}

/** `<Macro>`: lives from the line where it is read. */
export interface Macro {
  readonly name: string;
  readonly parameters: readonly string[];
  readonly body: readonly BodyLine[];
  readonly file: string;
  readonly line: number;
}

/**
 * Puts the values of `Use` in the place of the parameters: at each point of the text the earliest parameter wins, of
 * several at one point the longest. What was inserted is not looked at again. The value of an `@` parameter is put in quotes.
 */
export function fillMacroLine(
  text: string,
  parameters: readonly string[],
  values: readonly string[],
): string {
  const byLength = parameters
    .map((parameter, index) => ({ parameter, value: values[index] ?? '' }))
    .sort((a, b) => b.parameter.length - a.parameter.length);
  if (byLength.length === 0) return text;
  const alternatives = byLength.map(({ parameter }) => escapeForPattern(parameter)).join('|');
  return text.replace(new RegExp(alternatives, 'g'), (found) => {
    const value = byLength.find(({ parameter }) => parameter === found)?.value ?? found;
    return found.startsWith('@') ? `"${value.replace(/["\\]/g, '\\$&')}"` : value;
  });
}

/** Parameters of which one is the beginning of the other, or is given twice: which one is meant depends on luck. */
export function findConfusingParameters(parameters: readonly string[]): { twice?: string; plain?: string } {
  const twice = parameters.find((parameter, index) => parameters.indexOf(parameter) !== index);
  const plain = parameters.find((parameter) => !/^[$%@]/.test(parameter));
  return { ...(twice === undefined ? {} : { twice }), ...(plain === undefined ? {} : { plain }) };
}

function escapeForPattern(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&');
}
