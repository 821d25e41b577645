import { testFile } from '../expressions/index.js';
import { execBounded } from '../matching/index.js';
import type { ConditionTest, NumberOperator, RewriteCondition } from './model.js';
import type { Run } from './run.js';
import { catchesSecret, showText } from './shown-text.js';

/** A condition that cannot be evaluated. Never leaves this room. */
export class ConditionFault extends Error {}

/** Whether all hold, of those joined by OR at least one; the headers that decided it stay in `run.headersRead`. */
export function testConditions(conditions: readonly RewriteCondition[], run: Run): boolean {
  run.conditionGroups = [];
  run.hasCaughtSecret = false;
  const decisive: string[] = [];
  for (let at = 0; at < conditions.length; at += 1) {
    const condition = conditions[at] as RewriteCondition;
    run.headersRead = [];
    const holds = testCondition(condition, run);
    if (holds && !condition.noVary) decisive.push(...run.headersRead);
    if (holds) {
      while (conditions[at]?.orNext) at += 1;
    } else if (!condition.orNext) {
      run.headersRead = [];
      return false;
    }
  }
  run.headersRead = decisive;
  return true;
}

function testCondition(condition: RewriteCondition, run: Run): boolean {
  const { subject, test, negated, text } = condition;
  const groups = run.conditionGroups;
  const input = subject === undefined ? '' : run.expand(subject);
  // Before it is decided: what it reads may be what the condition before caught.
  const shown = showText(subject, input, run);
  const holds = decide(test, input, run, negated) !== negated;
  if (run.conditionGroups !== groups) run.hasCaughtSecret = catchesSecret(condition, run);
  run.subject.trace?.(
    4,
    `RewriteCond: input='${shown}' pattern='${text}' => ${holds ? 'matched' : 'not-matched'}`,
  );
  return holds;
}

function decide(test: ConditionTest, input: string, run: Run, negated: boolean): boolean {
  switch (test.kind) {
    case 'pattern': {
      const match = execBounded(test.pattern, input);
      if (match !== null && !negated) run.conditionGroups = [...match];
      return match !== null;
    }
    case 'compare-texts':
      return compareTexts(test, input);
    case 'compare-numbers':
      return compareNumbers(test.operator, toNumber(input), test.number);
    case 'file':
      return testFile(test.test, input);
    case 'reachable':
      return input !== '' && run.lookAhead(test.what, input).isReachable;
    case 'expression': {
      const evaluation = run.subject.evaluate(test.condition, (name) => run.headersRead.push(name));
      if (evaluation.kind === 'fault') throw new ConditionFault(evaluation.reason);
      if (evaluation.holds && evaluation.groups.length > 0) run.conditionGroups = evaluation.groups;
      return evaluation.holds;
    }
  }
}

function compareTexts(
  { operator, text, caseless }: Extract<ConditionTest, { kind: 'compare-texts' }>,
  input: string,
): boolean {
  if (operator === '=') return caseless ? lowerCase(input) === lowerCase(text) : input === text;
  const order = compareByLength(input, text);
  switch (operator) {
    case '<':
      return order < 0;
    case '<=':
      return order <= 0;
    case '>':
      return order > 0;
    case '>=':
      return order >= 0;
  }
}

/** The longer one is the greater one (as httpd). */
function compareByLength(left: string, right: string): number {
  if (left.length !== right.length) return left.length - right.length;
  return left < right ? -1 : left > right ? 1 : 0;
}

function compareNumbers(operator: NumberOperator, left: number, right: number): boolean {
  switch (operator) {
    case 'eq':
      return left === right;
    case 'ne':
      return left !== right;
    case 'lt':
      return left < right;
    case 'le':
      return left <= right;
    case 'gt':
      return left > right;
    case 'ge':
      return left >= right;
  }
}

/** As C's atoi. */
function toNumber(text: string): number {
  return Number(/^[ \t-\r]*([+-]?[0-9]+)/.exec(text)?.[1] ?? 0);
}

function lowerCase(text: string): string {
  return text.replace(/[A-Z]/g, (letter) => letter.toLowerCase());
}
