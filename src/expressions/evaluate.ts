import { compilePathWildcard, compileWildcard, execBounded, isInRanges } from '../matching/index.js';
import { type ClockName, isClockName, tellTime } from './clock.js';
import { modificationTime, testFile } from './file-tests.js';
import { callFunction } from './functions.js';
import type { Comparison, Condition, Text } from './model.js';
import { type FunctionName, headerOfVariable, type VariableName } from './names.js';

/** What an expression may ask about. Byte strings; undefined counts as empty. */
export interface Subject {
  variable(name: Exclude<VariableName, ClockName | 'LAST_MODIFIED'>): string | undefined;
  /** Several fields of one name are joined by `, `. */
  requestHeader(name: string): string | undefined;
  /** The first field of that name. */
  responseHeader(name: string): string | undefined;
  /** Variables of the request. */
  environment(name: string): string | undefined;
  note(name: string): string | undefined;
  /** What a health check was answered, in health checks. */
  checkedBody?(): string;
  /** `SSL_…` of the connection. */
  tlsVariable(name: string): string | undefined;
  /** A condition has read this header of the request, and not by `req_novary`: what comes of it may differ by it. */
  noteRead?(name: string): void;
}

export type Evaluation =
  | {
      readonly kind: 'settled';
      readonly holds: boolean;
      /** `$0` … of the last pattern that was tried. */
      readonly groups: readonly string[];
    }
  /** Cannot be told: whoever protects something by it must refuse. */
  | { readonly kind: 'fault'; readonly reason: string };

export type TextEvaluation =
  | { readonly kind: 'settled'; readonly text: string }
  | { readonly kind: 'fault'; readonly reason: string };

/** Never throws. */
export function evaluateCondition(condition: Condition, subject: Subject): Evaluation {
  return catchFault(() => {
    const run = new Run(subject, subject.noteRead);
    const holds = run.test(condition);
    return { kind: 'settled', holds, groups: run.groups };
  });
}

/**
 * Never throws. `encode`: done to everything that does not stand in the text itself, since a client may have sent it. `groups`: what `$0` …
 * are, of the condition before it.
 */
export function evaluateText(
  text: Text,
  subject: Subject,
  encode: (inserted: string) => string = (inserted) => inserted,
  groups: readonly string[] = [],
): TextEvaluation {
  return catchFault(() => {
    const run = new Run(subject, undefined, groups);
    const parts = text.kind === 'joined' ? text.texts : [text];
    const pieces = parts.map((part) => (part.kind === 'literal' ? part.text : encode(run.read(part))));
    return { kind: 'settled', text: pieces.join('') };
  });
}

function catchFault<Result>(run: () => Result): Result | { readonly kind: 'fault'; readonly reason: string } {
  try {
    return run();
  } catch (error) {
    return { kind: 'fault', reason: (error as Error).message };
  }
}

class Run {
  readonly #subject: Subject;
  readonly #noteRead: Subject['noteRead'];
  #groups: readonly string[];

  /** `noteRead`: only of conditions, since a text says itself what was read (as httpd). */
  constructor(subject: Subject, noteRead?: Subject['noteRead'], groups: readonly string[] = []) {
    this.#groups = groups;
    this.#subject = subject;
    this.#noteRead = noteRead;
  }

  get groups(): readonly string[] {
    return this.#groups;
  }

  test(condition: Condition): boolean {
    switch (condition.kind) {
      case 'constant':
        return condition.value;
      case 'not':
        return !this.test(condition.condition);
      case 'every':
        return condition.conditions.every((part) => this.test(part));
      case 'any':
        return condition.conditions.some((part) => this.test(part));
      case 'compare-texts': {
        const left = this.read(condition.left);
        return compare(condition.operator, left, this.read(condition.right));
      }
      case 'compare-numbers': {
        const left = toNumber(this.read(condition.left));
        return compare(condition.operator, left, toNumber(this.read(condition.right)));
      }
      case 'pattern': {
        const match = execBounded(condition.pattern, this.read(condition.subject));
        this.#groups = match === null ? [] : [...match].map((group) => group ?? '');
        return match !== null;
      }
      case 'one-of': {
        const text = this.read(condition.subject);
        return condition.texts.some((one) => this.read(one) === text);
      }
      case 'address':
        return isInRanges(this.read(condition.subject), [condition.range]) === true;
      case 'wildcard':
        return this.#matchWildcard(condition);
      case 'test':
        return this.#testOperand(condition.test, this.read(condition.operand));
    }
  }

  read(text: Text): string {
    switch (text.kind) {
      case 'literal':
        return text.text;
      case 'group':
        return this.#groups[text.number] ?? '';
      case 'joined':
        return text.texts.map((part) => this.read(part)).join('');
      case 'function':
        return this.#callFunction(text.name, this.read(text.argument));
      case 'variable':
        return this.#readVariable(text.name);
      case 'tls-variable':
        return this.#subject.tlsVariable(text.name) ?? '';
    }
  }

  #callFunction(name: FunctionName, argument: string): string {
    if (name === 'req' || name === 'http') this.#noteRead?.(argument);
    return callFunction(name, argument, this.#subject);
  }

  #readVariable(name: VariableName): string {
    const header = headerOfVariable(name);
    if (header !== undefined) this.#noteRead?.(header);
    if (isClockName(name)) return tellTime(name, new Date());
    if (name === 'LAST_MODIFIED') {
      const time = modificationTime(this.#subject.variable('REQUEST_FILENAME') ?? '');
      return time === undefined ? '' : tellTime('TIME', time);
    }
    return this.#subject.variable(name) ?? '';
  }

  #matchWildcard({ subject, wildcard, how }: Extract<Condition, { kind: 'wildcard' }>): boolean {
    const text = this.read(subject);
    const pattern = this.read(wildcard);
    if (how === 'path') return compilePathWildcard(pattern)(text);
    return how === 'text'
      ? compileWildcard(pattern)(text)
      : compileWildcard(lowerCase(pattern))(lowerCase(text));
  }

  #testOperand(test: Extract<Condition, { kind: 'test' }>['test'], operand: string): boolean {
    switch (test) {
      case 'n':
        return operand !== '';
      case 'z':
        return operand === '';
      case 'T':
        return !/^(?:|0|off|false|no)$/i.test(operand);
      default:
        return testFile(test, operand);
    }
  }
}

function compare<Value extends string | number>(operator: Comparison, left: Value, right: Value): boolean {
  switch (operator) {
    case '==':
      return left === right;
    case '!=':
      return left !== right;
    case '<':
      return left < right;
    case '<=':
      return left <= right;
    case '>':
      return left > right;
    case '>=':
      return left >= right;
  }
}

/** As C's atoi: blanks, a sign, decimal digits, whatever follows. */
function toNumber(text: string): number {
  return Number(/^[ \t-\r]*([+-]?[0-9]+)/.exec(text)?.[1] ?? 0);
}

/** Only ASCII letters: the text is bytes. */
function lowerCase(text: string): string {
  return text.replace(/[A-Z]/g, (letter) => letter.toLowerCase());
}
