import { expect, it } from 'vitest';
import { Variables } from '../../src/config/variables.js';

const variables = new Variables({ HOME: '/home' });
variables.define('A', 'one');

// With @ for the dollar sign, or each of them looks like a template.
it.each([
  ['@{A}', 'one', []],
  ['x @{a} @{HOME} y', 'x one /home y', []],
  ['@{A} @{', 'one @{', []],
  ['@{A', '@{A', []],
  ['}@{A', '}@{A', []],
  ['@{}@{A}', '@{}one', []],
  ['@{none}@{map:key}', '@{none}@{map:key}', ['none']],
])('%s', (written, expected, missing) => {
  const undefinedNames: string[] = [];
  expect(variables.expand(inDollars(written), (name) => undefinedNames.push(name)).text).toBe(
    inDollars(expected),
  );
  expect(undefinedNames).toEqual(missing);
});

function inDollars(text: string): string {
  return text.replaceAll('@', '$');
}

it('reads a line of beginnings without an end', () => {
  const text = inDollars(`}${'@{'.repeat(2 ** 22)}`);
  expect(variables.expand(text, () => {}).text).toBe(text);
});
