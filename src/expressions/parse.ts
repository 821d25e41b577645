import { parseAddressRange, translatePattern } from '../matching/index.js';
import type { Comparison, Condition, TestName, Text } from './model.js';
import { ExpressionMistake, joinTexts, Reader } from './reader.js';

export type Parsed<Value> =
  | { readonly kind: 'parsed'; readonly value: Value }
  | {
      readonly kind: 'wrong';
      readonly message: string;
      /** Where in the text, from 0. */
      readonly at: number;
      /** A name that does not exist, and those that do. */
      readonly wanted?: { readonly name: string; readonly known: readonly string[] };
    };

/** What <If>, `Require expr`, SetEnvIfExpr and `expr=` of CustomLog take. */
export function parseCondition(text: string): Parsed<Condition> {
  return parseWith(text, (reader) => {
    const condition = readCondition(reader);
    reader.skipBlanks();
    if (reader.at < text.length) reader.fail(`expected the end of the expression, not ${reader.describe()}`);
    return condition;
  });
}

/** A text with `%{…}` in it: what directives take that send or store a text. */
export function parseText(text: string): Parsed<Text> {
  return parseWith(text, (reader) => reader.readText(undefined));
}

function parseWith<Value>(text: string, read: (reader: Reader) => Value): Parsed<Value> {
  try {
    return { kind: 'parsed', value: read(new Reader(text)) };
  } catch (error) {
    if (!(error instanceof ExpressionMistake)) throw error;
    const { message, at, wanted } = error;
    return { kind: 'wrong', message, at, ...(wanted === undefined ? {} : { wanted }) };
  }
}

// ---- conditions

function readCondition(reader: Reader): Condition {
  return reader.nest(() => readChain(reader, 'any', /\|\||or\b/y, readConjunction));
}

function readConjunction(reader: Reader): Condition {
  return readChain(reader, 'every', /&&|and\b/y, readOperand);
}

function readChain(
  reader: Reader,
  kind: 'any' | 'every',
  separator: RegExp,
  read: (reader: Reader) => Condition,
): Condition {
  const first = read(reader);
  const conditions = [first];
  for (;;) {
    reader.skipBlanks();
    if (!reader.take(separator)) break;
    conditions.push(read(reader));
  }
  return conditions.length === 1 ? first : { kind, conditions };
}

function readOperand(reader: Reader): Condition {
  reader.skipBlanks();
  if (reader.take(/!(?![=~])|not\b/y))
    return { kind: 'not', condition: reader.nest(() => readOperand(reader)) };
  const constant = reader.take(/(?:true|false)\b/y)?.[0];
  if (constant !== undefined) return { kind: 'constant', value: constant === 'true' };
  if (reader.take(/\(/y)) {
    const condition = readCondition(reader);
    expect(reader, /\)/y, "')'");
    return condition;
  }
  return readTest(reader) ?? readComparison(reader);
}

/** `-f '/path'` */
function readTest(reader: Reader): Condition | undefined {
  const start = reader.at;
  const letter = reader.take(/-([A-Za-z])(?![A-Za-z_])/y)?.[1];
  if (letter === undefined) return undefined;
  if (letter === 'R') {
    const subject: Text = { kind: 'variable', name: 'REMOTE_ADDR' };
    return { kind: 'address', subject, range: readRange(reader, '-R') };
  }
  if (/[FUA]/.test(letter))
    reader.fail(`-${letter} is not supported: it would need a request within the request`, start);
  if (!isTestName(letter))
    reader.fail(`expected one of the tests -${[...testNames, 'R'].join(' -')}, not -${letter}`, start);
  return { kind: 'test', test: letter, operand: readWord(reader) };
}

const testNames: readonly TestName[] = ['d', 'e', 'f', 's', 'L', 'h', 'x', 'n', 'z', 'T'];

function isTestName(letter: string): letter is TestName {
  return (testNames as readonly string[]).includes(letter);
}

function readComparison(reader: Reader): Condition {
  const left = readWord(reader);
  reader.skipBlanks();
  const start = reader.at;
  const operator = reader.take(/=~|!~|==|!=|<=|>=|[<>=]|-?[A-Za-z]+\b/y)?.[0];
  if (operator === undefined)
    reader.fail(`expected an operator such as ==, =~ or -in, not ${reader.describe()}`);
  if (operator === '=~') return readPattern(reader, left);
  if (operator === '!~') return { kind: 'not', condition: readPattern(reader, left) };
  const texts = textOperators.get(operator);
  if (texts !== undefined) return { kind: 'compare-texts', operator: texts, left, right: readWord(reader) };
  const numbers = numberOperators.get(operator.replace(/^-/, ''));
  if (numbers !== undefined)
    return { kind: 'compare-numbers', operator: numbers, left, right: readWord(reader) };
  switch (operator) {
    case 'in':
    case '-in':
      return { kind: 'one-of', subject: left, texts: readList(reader) };
    case '-ipmatch':
      return { kind: 'address', subject: left, range: readRange(reader, operator) };
    case '-strmatch':
      return { kind: 'wildcard', subject: left, wildcard: readWord(reader), how: 'text' };
    case '-strcmatch':
      return { kind: 'wildcard', subject: left, wildcard: readWord(reader), how: 'caseless-text' };
    case '-fnmatch':
      return { kind: 'wildcard', subject: left, wildcard: readWord(reader), how: 'path' };
    default:
      throw new ExpressionMistake(`there is no operator '${operator}'`, start, {
        name: operator,
        known: operators,
      });
  }
}

const textOperators: ReadonlyMap<string, Comparison> = new Map([
  ['==', '=='],
  ['=', '=='],
  ['!=', '!='],
  ['<', '<'],
  ['<=', '<='],
  ['>', '>'],
  ['>=', '>='],
]);

const numberOperators: ReadonlyMap<string, Comparison> = new Map([
  ['eq', '=='],
  ['ne', '!='],
  ['lt', '<'],
  ['le', '<='],
  ['gt', '>'],
  ['ge', '>='],
]);

const operators = [
  ...[...numberOperators.keys()].map((name) => `-${name}`),
  '-in',
  '-ipmatch',
  '-strmatch',
  '-strcmatch',
  '-fnmatch',
];

/** `/…/`, `m#…#`, with `i` behind it or not. As in httpd, nothing escapes the separator. */
function readPattern(reader: Reader, subject: Text): Condition {
  reader.skipBlanks();
  const start = reader.at;
  const separator = reader.take(/(?:\/|m([/#$%^|?!'",;:._-]))/y);
  if (separator === undefined)
    reader.fail(`expected a pattern such as /…/ or m#…#, not ${reader.describe()}`);
  const [, sign = '/'] = separator;
  const end = reader.text.indexOf(sign, reader.at);
  if (end < 0) reader.fail(`expected ${sign} at the end of the pattern`, start);
  const source = reader.text.slice(reader.at, end);
  reader.at = end + 1;
  const isCaseless = reader.take(/i/y) !== undefined;
  const result = translatePattern(isCaseless ? `(?i)${source}` : source);
  if (result.kind === 'wrong') reader.fail(`in the pattern: ${result.message}`, start);
  return { kind: 'pattern', subject, pattern: result.pattern };
}

/** `{ 'a', 'b' }` */
function readList(reader: Reader): Text[] {
  expect(reader, /\{/y, "'{' before the list");
  const texts = [readWord(reader)];
  for (;;) {
    reader.skipBlanks();
    if (reader.take(/\}/y)) return texts;
    expect(reader, /,/y, "',' or '}'");
    texts.push(readWord(reader));
  }
}

/** A range must be known at start. */
function readRange(reader: Reader, operator: string) {
  reader.skipBlanks();
  const start = reader.at;
  const word = readWord(reader);
  const range = word.kind === 'literal' ? parseAddressRange(word.text) : undefined;
  if (range === undefined)
    reader.fail(`expected an address or a range such as '10.0.0.0/8' after ${operator}`, start);
  return range;
}

// ---- words

/** `'a' . %{B} . tolower('C')` */
function readWord(reader: Reader): Text {
  const texts = [readWordPart(reader)];
  for (;;) {
    const before = reader.at;
    reader.skipBlanks();
    if (!reader.take(/\./y)) {
      reader.at = before;
      return joinTexts(texts);
    }
    texts.push(readWordPart(reader));
  }
}

function readWordPart(reader: Reader): Text {
  reader.skipBlanks();
  const special = reader.tryVariable() ?? reader.tryGroup();
  if (special !== undefined) return special;
  const quote = reader.take(/['"]/y)?.[0];
  if (quote !== undefined) return reader.readText(quote);
  const digits = reader.take(/-?[0-9]+/y)?.[0];
  if (digits !== undefined) return { kind: 'literal', text: digits };
  const start = reader.at;
  const name = reader.take(/([A-Za-z][A-Za-z0-9_]*)\s*\(/y)?.[1];
  if (name === undefined)
    reader.fail(`expected a quoted text, a number, %{VARIABLE} or a function, not ${reader.describe()}`);
  const argument = reader.nest(() => readWord(reader));
  expect(reader, /\)/y, "')'");
  return { kind: 'function', name: reader.findFunction(name, start), argument };
}

function expect(reader: Reader, pattern: RegExp, what: string): void {
  reader.skipBlanks();
  if (!reader.take(pattern)) reader.fail(`expected ${what}, not ${reader.describe()}`);
}
