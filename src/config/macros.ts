import type { MistakeList, Place } from './mistakes.js';
import { type Replaced, replaceTraced, type SourceLine } from './source-line.js';
import { splitWords } from './words.js';

/** What the opening line of a <Macro> says, and where it stands. */
export interface MacroHead {
  readonly name: string;
  readonly parameters: readonly string[];
  readonly file: string;
  readonly line: number;
}

/** `<Macro>`: lives from the line where it is read. */
export interface Macro extends MacroHead {
  /** Before the arguments are put in. */
  readonly body: readonly SourceLine[];
}

/**
 * Puts the values of `Use` in the place of the parameters: at each point of the text the earliest parameter wins, of
 * several at one point the longest. What was inserted is not looked at again. The value of an `@` parameter is put in quotes.
 */
export function fillMacroLine(
  text: string,
  parameters: readonly string[],
  values: readonly string[],
): Replaced {
  const byLength = parameters
    .map((parameter, index) => ({ parameter, value: values[index] ?? '' }))
    .sort((a, b) => b.parameter.length - a.parameter.length);
  if (byLength.length === 0) return { text, replacements: [] };
  const alternatives = byLength.map(({ parameter }) => escapeForPattern(parameter)).join('|');
  return replaceTraced(text, new RegExp(alternatives, 'g'), ([found]) => {
    const value = byLength.find(({ parameter }) => parameter === found)?.value ?? found;
    return found.startsWith('@') ? `"${value.replace(/["\\]/g, '\\$&')}"` : value;
  });
}

/** The opening line of a <Macro>; undefined if it is wrong, which is then reported. */
export function parseMacroHead(
  phase: { readonly mistakes: MistakeList; readonly macros: ReadonlyMap<string, Macro> },
  section: string,
  text: string,
  place: Place,
): MacroHead | undefined {
  const [name = '', ...parameters] = splitWords(text);
  const problem = findProblem(name, parameters);
  if (problem !== undefined) {
    phase.mistakes.error(place, `<${section}>`, problem, { kind: 'macro-head' });
    return undefined;
  }
  const plain = parameters.find((parameter) => !/^[$%@]/.test(parameter));
  if (plain !== undefined)
    phase.mistakes.warning(
      place,
      `<${section}>`,
      `the parameter ${plain} should begin with '$', '%' or '@'`,
      { kind: 'macro-doubtful', at: { word: plain } },
    );
  const earlier = phase.macros.get(name.toLowerCase());
  if (earlier !== undefined)
    phase.mistakes.warning(
      place,
      `<${section}>`,
      `the macro '${name}' of ${earlier.file}:${earlier.line} is replaced`,
      { kind: 'macro-doubtful' },
    );
  return { name, parameters, file: place.position.file, line: place.position.line };
}

function findProblem(name: string, parameters: readonly string[]): string | undefined {
  if (name === '') return 'expected the name of the macro';
  if (parameters.includes('')) return 'expected parameters that are not empty';
  const twice = parameters.find((parameter, index) => parameters.indexOf(parameter) !== index);
  return twice === undefined ? undefined : `the parameter ${twice} is given twice`;
}

function escapeForPattern(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&');
}
