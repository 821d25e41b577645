import { toByteString } from '../http/index.js';
import type { Text } from './model.js';
import { findFunction, findVariable, functionNames, variableNames } from './names.js';

/** Ends the reading of an expression; never leaves this room. */
export class ExpressionMistake extends Error {
  /** `at`: index in the text, from 0. `wanted`: the name that nobody knows, and which there are. */
  constructor(
    message: string,
    readonly at: number,
    readonly wanted?: { readonly name: string; readonly known: readonly string[] },
  ) {
    super(message);
  }
}

/** A place in the text of an expression, and what both of its grammars share: texts with `%{…}`, `$1` and escapes. */
export class Reader {
  readonly text: string;
  at = 0;
  #depth = 0;

  constructor(text: string) {
    this.text = text;
  }

  fail(message: string, at = this.at): never {
    throw new ExpressionMistake(message, at);
  }

  skipBlanks(): void {
    while (/\s/.test(this.text.charAt(this.at))) this.at += 1;
  }

  /** Takes what the pattern, which must be sticky, matches here; undefined if it does not. */
  take(pattern: RegExp): RegExpExecArray | undefined {
    pattern.lastIndex = this.at;
    const match = pattern.exec(this.text) ?? undefined;
    if (match !== undefined) this.at = pattern.lastIndex;
    return match;
  }

  /** What stands here, for messages. */
  describe(): string {
    const rest = this.text.slice(this.at).trimStart();
    return rest === '' ? 'the end' : `'${rest.length > 20 ? `${rest.slice(0, 20)}…` : rest}'`;
  }

  /** Keeps a text of nested parentheses from using up the stack. */
  nest<Result>(read: () => Result): Result {
    this.#depth += 1;
    if (this.#depth > 100) this.fail('the expression nests more than 100 levels deep');
    const result = read();
    this.#depth -= 1;
    return result;
  }

  /** Up to the terminator, which is taken too; undefined: to the end of the text. */
  readText(terminator: string | undefined): Text {
    const start = this.at;
    const texts: Text[] = [];
    let literal = '';
    const finishLiteral = () => {
      if (literal !== '') texts.push({ kind: 'literal', text: toByteString(literal) });
      literal = '';
    };
    for (;;) {
      const character = this.text.charAt(this.at);
      if (character === '') {
        if (terminator === undefined) break;
        this.fail(`expected ${terminator} at the end of what begins here`, Math.max(0, start - 1));
      }
      if (character === terminator) break;
      const special = this.#readVariable() ?? this.#readGroup();
      if (special !== undefined) {
        finishLiteral();
        texts.push(special);
      } else literal += this.#readCharacter();
    }
    if (terminator !== undefined) this.at += 1;
    finishLiteral();
    return joinTexts(texts);
  }

  /** `%{NAME}`, `%{function:argument}`. */
  tryVariable(): Text | undefined {
    return this.#readVariable();
  }

  /** `$1` */
  tryGroup(): Text | undefined {
    return this.#readGroup();
  }

  /** A function by its name, or the mistake that there is none. */
  findFunction(name: string, at: number) {
    const found = findFunction(name);
    if (found !== undefined) return found;
    if (name.toLowerCase() === 'ldap') this.fail("the function 'ldap' is not supported", at);
    throw new ExpressionMistake(`there is no function '${name}'`, at, { name, known: functionNames });
  }

  #readVariable(): Text | undefined {
    const start = this.at;
    if (!this.text.startsWith('%{', start)) return undefined;
    this.at += 2;
    const name = this.take(/[A-Za-z][A-Za-z0-9_]*/y)?.[0];
    if (name === undefined) this.fail(`expected the name of a variable after %{, not ${this.describe()}`);
    if (this.take(/\}/y)) {
      if (/^SSL_/i.test(name)) return { kind: 'tls-variable', name: name.toUpperCase() };
      const variable = findVariable(name);
      if (variable === undefined) throw unknownVariable(name, start);
      return { kind: 'variable', name: variable };
    }
    if (!this.take(/:/y)) this.fail(`expected '}' or ':' after %{${name}, not ${this.describe()}`);
    const argument = this.nest(() => this.readText('}'));
    if (argument.kind === 'literal' && argument.text === '')
      this.fail(`expected an argument between %{${name}: and '}'`);
    return { kind: 'function', name: this.findFunction(name, start), argument };
  }

  #readGroup(): Text | undefined {
    const digit = this.take(/\$([0-9])/y)?.[1];
    return digit === undefined ? undefined : { kind: 'group', number: Number(digit) };
  }

  /** Of the letters, only these mean something behind a backslash. */
  #readCharacter(): string {
    const character = this.text.charAt(this.at);
    const next = this.text.charAt(this.at + 1);
    if (character !== '\\' || next === '') {
      this.at += 1;
      return character;
    }
    this.at += 2;
    return { n: '\n', t: '\t', r: '\r', b: '\b' }[next] ?? next;
  }
}

/** One text of several pieces. */
export function joinTexts(texts: readonly Text[]): Text {
  const [only] = texts;
  if (only === undefined) return { kind: 'literal', text: '' };
  return texts.length === 1 ? only : { kind: 'joined', texts };
}

function unknownVariable(name: string, at: number): ExpressionMistake {
  const message = `there is no variable '${name}'`;
  const header = /^HTTP_(.+)$/i.exec(name)?.[1];
  if (header !== undefined)
    return new ExpressionMistake(
      `${message}; a request header is %{HTTP:${header.replaceAll('_', '-')}}`,
      at,
    );
  return new ExpressionMistake(message, at, { name, known: variableNames });
}
