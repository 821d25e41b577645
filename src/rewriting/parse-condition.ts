import { toByteString } from '../http/index.js';
import { translatePattern } from '../matching/index.js';
import type { ConditionTest, NumberOperator } from './model.js';

/** What a condition compares with, or why it cannot be understood. */
export type ParsedTest =
  | { readonly kind: 'test'; readonly test: ConditionTest; readonly negated: boolean }
  | { readonly kind: 'wrong'; readonly message: string };

/** The second word of RewriteCond, unless the first one is `expr`. */
export function parseConditionTest(word: string, caseless: boolean): ParsedTest {
  const negated = word.startsWith('!');
  const text = negated ? word.slice(1) : word;
  const test = readFileTest(text) ?? readNumberTest(text) ?? readTextTest(text, caseless);
  if (test !== undefined) return { kind: 'test', test, negated };
  const result = translatePattern(caseless ? `(?i)${text}` : text);
  if (result.kind === 'wrong') return result;
  return { kind: 'test', test: { kind: 'pattern', pattern: result.pattern }, negated };
}

const fileTests: Readonly<Record<string, ConditionTest>> = {
  '-d': { kind: 'file', test: 'd' },
  '-f': { kind: 'file', test: 'f' },
  '-s': { kind: 'file', test: 's' },
  '-x': { kind: 'file', test: 'x' },
  '-l': { kind: 'file', test: 'L' },
  '-L': { kind: 'file', test: 'L' },
  '-h': { kind: 'file', test: 'L' },
  '-U': { kind: 'reachable', what: 'url' },
  '-u': { kind: 'reachable', what: 'url' },
  '-F': { kind: 'reachable', what: 'file' },
};

function readFileTest(text: string): ConditionTest | undefined {
  return Object.hasOwn(fileTests, text) ? fileTests[text] : undefined;
}

/** `-gt 5`; blanks between them, or none. */
function readNumberTest(text: string): ConditionTest | undefined {
  const [, operator, digits] = /^-(eq|ne|lt|le|gt|ge)\s*([+-]?\d+)$/.exec(text) ?? [];
  if (operator === undefined) return undefined;
  return { kind: 'compare-numbers', operator: operator as NumberOperator, number: Number(digits) };
}

function readTextTest(text: string, caseless: boolean): ConditionTest | undefined {
  const operator = /^(?:<=|>=|[<>=])/.exec(text)?.[0];
  if (operator === undefined) return undefined;
  const rest = text.slice(operator.length);
  return {
    kind: 'compare-texts',
    operator: operator as '<',
    text: rest === '""' ? '' : toByteString(rest),
    caseless,
  };
}
