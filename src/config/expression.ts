import { type Condition, type Parsed, parseCondition, parseText, type Text } from '../expressions/index.js';
import type { Here } from './draft.js';
import { findNearest } from './nearest-name.js';

/** An expression that a directive takes; reports what is wrong with it. */
export function takeCondition(here: Here, text: string): Condition | undefined {
  return takeParsed(here, text, parseCondition(text));
}

/** A text with `%{…}` in it that a directive takes; reports what is wrong with it. */
export function takeText(here: Here, text: string): Text | undefined {
  return takeParsed(here, text, parseText(text));
}

function takeParsed<Value>(here: Here, text: string, parsed: Parsed<Value>): Value | undefined {
  if (parsed.kind === 'parsed') return parsed.value;
  const { at, message, wanted } = parsed;
  here.fail(`in the expression, at character ${at + 1}: ${message}`, {
    kind: 'expression',
    at: pointAt(text, at),
    suggestion: wanted && findNearest(wanted.name, wanted.known),
  });
  return undefined;
}

/** The piece of the expression that is wrong, to be found in the line. */
function pointAt(text: string, at: number): { readonly word: string } | 'arguments' {
  const piece = /^(?:%\{\w*|-?\w+|['"]?\w+|\S)/.exec(text.slice(at))?.[0];
  return piece === undefined ? 'arguments' : { word: piece };
}
