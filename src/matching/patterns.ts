import { toByteString } from '../http/index.js';
import { ByteSet, classEscapes, hexEscape, posixClasses } from './byte-set.js';

/** A pattern that cannot be had in JavaScript, or that is wrong in any language; the message says what was expected. */
export type PatternResult =
  | { readonly kind: 'pattern'; readonly pattern: RegExp }
  | { readonly kind: 'wrong'; readonly message: string };

/**
 * Translates a PCRE pattern of the site file into a RegExp for byte strings, with httpd's defaults: `.` matches every
 * byte, `$` only the very end. Caseless letters are written out, since JavaScript's `i` flag would fold Latin-1 letters too
 * and cannot be limited to a part of the pattern.
 */
export function translatePattern(text: string): PatternResult {
  try {
    const source = new Translator(toByteString(text)).translate();
    return { kind: 'pattern', pattern: new RegExp(source, 's') };
  } catch (error) {
    if (error instanceof UnsupportedSyntax) return { kind: 'wrong', message: error.message };
    if (error instanceof SyntaxError)
      return { kind: 'wrong', message: `expected a regular expression: ${reasonOf(error)}` };
    throw error;
  }
}

class UnsupportedSyntax extends Error {}

interface Modes {
  readonly caseless: boolean;
  readonly dotAll: boolean;
  readonly multiline: boolean;
  readonly extended: boolean;
}

const modeLetters: Readonly<Record<string, keyof Modes>> = {
  i: 'caseless',
  s: 'dotAll',
  m: 'multiline',
  x: 'extended',
};

/** One pass over the pattern; each `read…` moves `at` past what it read and answers JavaScript source. */
class Translator {
  readonly #text: string;
  readonly #groupCount: number;
  #at = 0;
  #modes: Modes = { caseless: false, dotAll: true, multiline: false, extended: false };
  readonly #outerModes: Modes[] = [];

  constructor(text: string) {
    this.#text = text;
    this.#groupCount = text.match(/\((?!\?)|\(\?(?:P?<(?![=!])|')/g)?.length ?? 0;
  }

  translate(): string {
    if (this.#text.startsWith('(*')) throw unsupported(`the verb ${this.#text.slice(0, 12)}`);
    let source = '';
    while (this.#at < this.#text.length) source += this.#readPart();
    return source;
  }

  #readPart(): string {
    const character = this.#text.charAt(this.#at);
    if (this.#modes.extended && /[\s#]/.test(character)) return this.#skipExtended(character);
    switch (character) {
      case '\\':
        return this.#readEscape();
      case '[':
        return this.#readClass();
      case '(':
        return this.#readOpening();
      case ')':
        this.#modes = this.#outerModes.pop() ?? this.#modes;
        return this.#take(1);
      case '.':
        this.#at += 1;
        return this.#modes.dotAll ? '.' : '[^\\n]';
      case '^':
        this.#at += 1;
        return this.#modes.multiline ? '(?<![^\\n])' : '^';
      case '$':
        this.#at += 1;
        return this.#modes.multiline ? '(?=\\n|$)' : '$';
      case '*':
      case '+':
      case '?':
        return this.#readQuantifier(character);
      case '{':
        return this.#readBrace();
      case '|':
        return this.#take(1);
      default:
        this.#at += 1;
        return this.#literal(character);
    }
  }

  #take(length: number): string {
    this.#at += length;
    return this.#text.slice(this.#at - length, this.#at);
  }

  #literal(character: string): string {
    if (this.#modes.caseless && /[A-Za-z]/.test(character))
      return `[${character.toUpperCase()}${character.toLowerCase()}]`;
    return /[A-Za-z0-9_/\- ]/.test(character) ? character : hexEscape(character.charCodeAt(0));
  }

  #skipExtended(character: string): string {
    if (character === '#') {
      const end = this.#text.indexOf('\n', this.#at);
      this.#at = end < 0 ? this.#text.length : end;
    }
    this.#at += 1;
    return '';
  }

  #readQuantifier(quantifier: string): string {
    this.#at += quantifier.length;
    if (this.#text[this.#at] === '+') throw unsupported(`the possessive quantifier '${quantifier}+'`);
    return quantifier;
  }

  /** A brace that does not hold a count stands for itself. */
  #readBrace(): string {
    const count = /^\{\d+(,\d*)?\}/.exec(this.#text.slice(this.#at, this.#at + 32))?.[0];
    return count === undefined ? this.#literal(this.#take(1)) : this.#readQuantifier(count);
  }

  #readOpening(): string {
    const head = this.#text.slice(this.#at, this.#at + 80);
    if (head.startsWith('(*')) throw unsupported('verbs like (*FAIL)');
    if (!head.startsWith('(?')) return this.#open(1, '(');
    const named = /^\(\?(?:P?<([A-Za-z_]\w*)>|'([A-Za-z_]\w*)')/.exec(head);
    if (named) return this.#open(named[0].length, `(?<${named[1] ?? named[2]}>`);
    const look = /^\(\?(?::|=|!|<=|<!)/.exec(head)?.[0];
    if (look !== undefined) return this.#open(look.length, look);
    if (head.startsWith('(?#')) return this.#skipComment();
    const reference = /^\(\?P=(\w+)\)/.exec(head);
    if (reference) return this.#readNamedReference(reference[0].length, reference[1] ?? '');
    if (/^\(\?(?:R|[+-]?\d|&|P>)/.test(head)) throw unsupported('recursion');
    const inline = /^\(\?([a-zA-Z]*)(?:-([a-zA-Z]*))?([:)])/.exec(head);
    if (inline) return this.#readModes(inline);
    if (head.startsWith('(?>')) throw unsupported('the atomic group (?>…)');
    if (head.startsWith('(?(')) throw unsupported('the conditional group (?(…)…)');
    if (head.startsWith('(?|')) throw unsupported('the branch reset group (?|…)');
    throw unsupported(`the group ${head.slice(0, 4)}…`);
  }

  #open(length: number, source: string): string {
    this.#at += length;
    this.#outerModes.push(this.#modes);
    return source;
  }

  #skipComment(): string {
    const end = this.#text.indexOf(')', this.#at);
    if (end < 0) throw new UnsupportedSyntax("expected ')' after the comment (?#");
    this.#at = end + 1;
    return '';
  }

  /** `(?i)` lasts to the end of the group it stands in, `(?i:…)` is a group of its own. */
  #readModes([whole, on = '', off = '', end]: RegExpExecArray): string {
    const opened = end === ':' ? this.#open(whole.length, '(?:') : '';
    if (end !== ':') this.#at += whole.length;
    for (const letter of on + off) {
      const mode = modeLetters[letter];
      if (mode === undefined) throw unsupported(`the option (?${letter})`);
      this.#modes = { ...this.#modes, [mode]: !off.includes(letter) };
    }
    return opened;
  }

  #readReference(length: number, source: string): string {
    if (this.#modes.caseless) throw unsupported('a back-reference in a caseless part of the pattern');
    this.#at += length;
    // Grouped, so that a digit that follows is not read as part of the number.
    return `(?:${source})`;
  }

  #readEscape(): string {
    const tail = this.#text.slice(this.#at, this.#at + 80);
    const letter = tail.charAt(1);
    if (letter === '') throw new UnsupportedSyntax('the pattern ends in a lone backslash');
    const set = classEscapes.get(letter);
    if (set !== undefined) return this.#replace(2, set.toSource());
    if (letter === 'Q') return this.#readQuoted();
    const reference = /^\\(?:([1-9]\d?)|g\{?(-?\d+)\}?|g\{(\w+)\}|k(?:\{(\w+)\}|<(\w+)>|'(\w+)'))/.exec(tail);
    if (reference && !this.#isOctal(reference[1])) return this.#readReferenceEscape(reference);
    switch (letter) {
      case 'A':
        return this.#replace(2, '^');
      case 'z':
        return this.#replace(2, '$');
      case 'Z':
        return this.#replace(2, '(?=\\n?$)');
      case 'b':
      case 'B':
        return this.#take(2);
      case 'N':
        return this.#replace(2, '[^\\n]');
      case 'R':
        return this.#replace(2, '(?:\\r\\n|[\\n\\v\\f\\r\\x85])');
      case 'E':
        return this.#replace(2, '');
      default:
        return this.#literalByte(this.#readByteEscape());
    }
  }

  #readReferenceEscape(match: RegExpExecArray): string {
    const [whole, plain, braced, ...names] = match;
    const number = plain ?? braced;
    const name = names.find((candidate) => candidate !== undefined);
    if (number === undefined) return this.#readNamedReference(whole.length, name ?? '');
    if (number.startsWith('-') || number === '0') throw unsupported(`the reference ${whole}`);
    if (Number(number) > this.#groupCount) throw new UnsupportedSyntax(`there is no group ${number}`);
    return this.#readReference(whole.length, `\\${number}`);
  }

  /** Two digits and more are a reference only if there are as many groups; otherwise a byte in octal. */
  #isOctal(digits: string | undefined): boolean {
    return digits !== undefined && digits.length > 1 && Number(digits) > this.#groupCount;
  }

  #readNamedReference(length: number, name: string): string {
    const opening = new RegExp(`\\(\\?(?:P?<${name}>|'${name}')`);
    if (!opening.test(this.#text)) throw new UnsupportedSyntax(`there is no group '${name}'`);
    return this.#readReference(length, `\\k<${name}>`);
  }

  #replace(length: number, source: string): string {
    this.#at += length;
    return source;
  }

  #readQuoted(): string {
    const start = this.#at + 2;
    const end = this.#text.indexOf('\\E', start);
    const quoted = this.#text.slice(start, end < 0 ? undefined : end);
    this.#at = end < 0 ? this.#text.length : end + 2;
    return [...quoted].map((character) => this.#literal(character)).join('');
  }

  #literalByte(byte: number): string {
    return this.#literal(String.fromCharCode(byte));
  }

  /** `\n`, `\x41`, `\.` …: an escape that stands for one byte, inside and outside classes. */
  #readByteEscape(): number {
    const tail = this.#text.slice(this.#at, this.#at + 16);
    const coded =
      /^\\(?:x\{([0-9a-fA-F]+)\}|x([0-9a-fA-F]{0,2})|o\{([0-7]+)\}|(0[0-7]{0,2}|[1-7][0-7]{1,2}))/.exec(tail);
    if (coded) {
      const [whole, bracedHex, hex, bracedOctal, octal] = coded;
      const digits = bracedHex ?? hex;
      const byte =
        digits !== undefined
          ? Number.parseInt(digits || '0', 16)
          : Number.parseInt(bracedOctal ?? octal ?? '0', 8);
      if (byte > 0xff) throw unsupported(`${whole}, which is not a byte`);
      this.#at += whole.length;
      return byte;
    }
    const letter = tail.charAt(1);
    if (letter === 'c' && tail.length > 2) {
      this.#at += 3;
      return tail.toUpperCase().charCodeAt(2) ^ 0x40;
    }
    const control = 'a\x07e\x1bf\fn\nr\rt\t';
    const index = control.indexOf(letter);
    if (/[A-Za-z0-9]/.test(letter) && (index < 0 || index % 2 === 1)) throw unsupported(`\\${letter}`);
    this.#at += 2;
    return (index >= 0 && index % 2 === 0 ? control.charAt(index + 1) : letter).charCodeAt(0);
  }

  #readClass(): string {
    this.#at += 1;
    const negated = this.#text[this.#at] === '^';
    if (negated) this.#at += 1;
    const set = new ByteSet();
    let first = true;
    while (first || this.#text[this.#at] !== ']') {
      if (this.#at >= this.#text.length) throw new UnsupportedSyntax("expected ']' at the end of the class");
      first = false;
      this.#readMember(set);
    }
    this.#at += 1;
    const complete = this.#modes.caseless ? set.withBothCases() : set;
    return (negated ? complete.complement() : complete).toSource();
  }

  #readMember(set: ByteSet): void {
    const low = this.#readClassAtom();
    if (low === undefined) return;
    if (low instanceof ByteSet) {
      set.addSet(low);
      return;
    }
    const isRange = this.#text[this.#at] === '-' && !['', ']'].includes(this.#text.charAt(this.#at + 1));
    if (!isRange) {
      set.addRange(low, low);
      return;
    }
    this.#at += 1;
    const high = this.#readClassAtom();
    if (high instanceof ByteSet || high === undefined) {
      // `[a-\d]`: the hyphen stands for itself.
      set.addRange(low, low);
      set.addRange(0x2d, 0x2d);
      if (high !== undefined) set.addSet(high);
    } else if (high < low) {
      throw new UnsupportedSyntax('expected a class range in ascending order');
    } else {
      set.addRange(low, high);
    }
  }

  /** A byte, a set (`\d`, `[:alpha:]`), or undefined for a stray `\E`, which means nothing. */
  #readClassAtom(): number | ByteSet | undefined {
    const character = this.#text.charAt(this.#at);
    const posix = /^\[:(\^?)(\w+):\]/.exec(this.#text.slice(this.#at, this.#at + 16));
    if (posix) {
      const known = posixClasses.get(posix[2] ?? '');
      if (known === undefined) throw new UnsupportedSyntax(`unknown class ${posix[0]}`);
      this.#at += posix[0].length;
      return posix[1] === '^' ? known.complement() : known;
    }
    if (character !== '\\') {
      this.#at += 1;
      return character.charCodeAt(0);
    }
    const letter = this.#text.charAt(this.#at + 1);
    if (letter === '') throw new UnsupportedSyntax('the pattern ends in a lone backslash');
    if (letter === 'Q') throw unsupported('\\Q inside a class');
    if (letter === 'E') {
      this.#at += 2;
      return undefined;
    }
    const escaped = classEscapes.get(letter);
    if (escaped !== undefined) {
      this.#at += 2;
      return escaped;
    }
    if (letter === 'b') {
      this.#at += 2;
      return 0x08;
    }
    return this.#readByteEscape();
  }
}

function unsupported(what: string): UnsupportedSyntax {
  return new UnsupportedSyntax(`${what} has no counterpart in JavaScript regular expressions`);
}

function reasonOf(error: SyntaxError): string {
  return error.message.replace(/^Invalid regular expression: \/.*\/s?: /s, '');
}
