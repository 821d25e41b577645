import { splitWords } from './words.js';

/** The release of httpd whose behaviour modhost follows: what <IfVersion> compares with. */
export const followedVersion = '2.4.71';

/** The answer of an <IfVersion>, or a message that says what was expected. */
export function compareVersion(text: string): boolean | string {
  const words = splitWords(text);
  const [first = '', second] = words;
  if (words.length > 2) return `${expectedForm}, not '${text}'`;
  const wanted = second ?? first;
  const operation = /^(!?)(==|>=|<=|=|>|<|~)$/.exec(second === undefined ? '=' : first);
  // As httpd, which wants a blank between operator and version and none behind the '!'.
  if (operation === null || /^[!<>=~]/.test(wanted)) return `${expectedForm}, not '${text}'`;
  const [, negation, operator = '='] = operation;
  const answer = isPattern(operator, wanted) ? matchVersion(wanted) : orderVersion(operator, wanted);
  return typeof answer === 'string' ? answer : answer !== (negation === '!');
}

const expectedForm = 'expected an operator, a blank and a version such as >= 2.4';

function isPattern(operator: string, wanted: string): boolean {
  return operator === '~' || ((operator === '=' || operator === '==') && /^\/.*\/$/.test(wanted));
}

function matchVersion(wanted: string): boolean | string {
  try {
    return new RegExp(wanted.replace(/^\/(.*)\/$/, '$1')).test(followedVersion);
  } catch {
    return 'expected a regular expression for the version';
  }
}

function orderVersion(operator: string, wanted: string): boolean | string {
  if (!/^\d{1,9}(\.\d{1,9}){0,2}\.?$/.test(wanted))
    return 'expected a version of the form major[.minor[.patch]]';
  const order = compareParts(parseParts(followedVersion), parseParts(wanted));
  if (operator === '>') return order > 0;
  if (operator === '>=') return order >= 0;
  if (operator === '<') return order < 0;
  if (operator === '<=') return order <= 0;
  return order === 0;
}

function parseParts(version: string): readonly number[] {
  return version.split('.').map(Number);
}

function compareParts(left: readonly number[], right: readonly number[]): number {
  for (let index = 0; index < 3; index += 1) {
    const difference = (left[index] ?? 0) - (right[index] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}
