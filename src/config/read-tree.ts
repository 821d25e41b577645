import { resolve } from 'node:path';
import { conditionArguments, conditions, noArgument } from './conditionals.js';
import { findIncludedFiles, maximumIncludeDepth, readConfigFile } from './include.js';
import { maximumHtaccessLine, splitLines, trimSpace } from './lines.js';
import { fillMacroLine, type MacroHead, parseMacroHead } from './macros.js';
import type { MistakeDetails, Place } from './mistakes.js';
import { findNearest } from './nearest-name.js';
import type { ReadPhase } from './read-phase.js';
import { type SourceLine, trimTraced } from './source-line.js';
import { statPath } from './stat-path.js';
import type { Node, SectionNode } from './tree.js';
import { splitWords, takeWord } from './words.js';

/** Directives and sections that are carried out while reading, in lower case. */
const readPhaseNames: ReadonlySet<string> = new Set([
  'define',
  'undefine',
  'include',
  'includeoptional',
  'serverroot',
  'use',
  'undefmacro',
]);

/** All files and macros together; more than this is a mistake that multiplies. */
const maximumLines = 1_000_000;
/** The same of a .htaccess file, which holds up all requests of the process. */
const maximumHtaccessLines = 50_000;
/** What reading a file costs, in lines. */
const linesPerFile = 200;
/** Sections, files and macros inside each other. */
const maximumNesting = 400;

/** Thrown to stop reading where going on would only repeat the same mistake; already reported. */
class ReadingStopped extends Error {}

/** One file with everything it includes → the tree of its directives. Reports into `phase.mistakes` and goes on; undefined if it had to stop. */
export function readFileTree(phase: ReadPhase, file: string): Node[] | undefined {
  const place: Place = { position: { file, line: 0 } };
  return new TreeReader(phase).readAll((reader) => reader.readFile(file, place, undefined));
}

/** A .htaccess file's content → the tree of its directives, as above. */
export function readHtaccessTree(phase: ReadPhase, file: string, content: Buffer): Node[] | undefined {
  const reader = new TreeReader(phase, maximumHtaccessLines);
  return reader.readAll(() => reader.readContent(file, content, maximumHtaccessLine));
}

/** Directives of the command line (-C, -c), one line each. */
export function readTextTree(phase: ReadPhase, name: string, texts: readonly string[]): Node[] | undefined {
  const lines = texts
    .map((text, index) => readArgument(text, index + 1))
    .filter(({ text }) => text !== '' && !text.startsWith('#'));
  return new TreeReader(phase).readAll((reader) => reader.readLines({ file: name, lines }));
}

const noChanges: SourceLine['changes'] = [];

/** An argument of the command line as if it were a line of a file. */
function readArgument(argument: string, line: number): SourceLine {
  const text = trimSpace(argument);
  const content = Buffer.from(argument).toString('latin1').replaceAll('\n', ' ');
  return { text, written: { text, line, firstLine: line, content, start: 0 }, changes: noChanges };
}

interface Source {
  readonly file: string;
  readonly lines: readonly SourceLine[];
  readonly origin?: string;
}

type Frame =
  | { readonly kind: 'section'; readonly name: string; readonly place: Place; readonly nodes: Node[] }
  /** A conditional whose contents count; `nodes` are those of the section around it. */
  | { readonly kind: 'taken'; readonly name: string; readonly place: Place; readonly nodes: Node[] }
  | { readonly kind: 'skipped'; readonly name: string; readonly place: Place }
  | {
      readonly kind: 'macro';
      readonly name: string;
      readonly place: Place;
      readonly macro: MacroHead | undefined;
      readonly body: SourceLine[];
    }
  /** Any section inside a macro's body. */
  | {
      readonly kind: 'macro-inner';
      readonly name: string;
      readonly place: Place;
      readonly body: SourceLine[];
    };

/** What is wrong with a directive of the read phase; a text alone is about its arguments. */
type Problem = string | (MistakeDetails & { readonly message: string });

function countProblem(message: string): Problem {
  return { message, kind: 'argument-count' };
}

class TreeReader {
  readonly #phase: ReadPhase;
  readonly #activeMacros: string[] = [];
  readonly #mostLines: number;
  #lineBudget: number;
  #includeDepth = 0;
  #nesting = 0;

  constructor(phase: ReadPhase, mostLines = maximumLines) {
    this.#phase = phase;
    this.#mostLines = mostLines;
    this.#lineBudget = mostLines;
  }

  readAll(read: (reader: TreeReader) => Node[]): Node[] | undefined {
    try {
      return read(this);
    } catch (error) {
      if (error instanceof ReadingStopped) return undefined;
      throw error;
    }
  }

  readFile(file: string, place: Place, directive: string | undefined): Node[] {
    const { mistakes, filesRead } = this.#phase;
    if (this.#includeDepth > maximumIncludeDepth)
      this.#stop(place, directive, `files include each other more than ${maximumIncludeDepth} levels deep`);
    const read = readConfigFile(file);
    if (read.kind === 'failed') {
      mistakes.error(place, directive, read.message, { kind: 'unreadable-site-file' });
      return [];
    }
    if (!filesRead.includes(file)) filesRead.push(file);
    this.#spend(linesPerFile, place, directive);
    this.#includeDepth += 1;
    const nodes = this.readContent(file, read.content);
    this.#includeDepth -= 1;
    return nodes;
  }

  readContent(file: string, content: Buffer, longestLine?: number): Node[] {
    const { mistakes } = this.#phase;
    const { lines, problems } = splitLines(content, longestLine);
    for (const { kind, severity, line, message } of problems)
      mistakes[severity]({ position: { file, line } }, undefined, message, { kind });
    const sourceLines = lines.map((written) => ({ text: written.text, written, changes: noChanges }));
    mistakes.remember(file, sourceLines);
    return this.readLines({ file, lines: sourceLines });
  }

  /** Sections that a source opens end in it: neither a file nor a macro can close what its parent opened. */
  readLines(source: Source): Node[] {
    const nodes: Node[] = [];
    const frames: Frame[] = [];
    for (const [index, line] of source.lines.entries()) {
      const place: Place = {
        position: { file: source.file, line: line.written.line },
        line,
        ...(source.origin === undefined ? {} : { origin: source.origin }),
      };
      this.#spend(1, place, undefined);
      this.#readLine(line, place, frames, nodes, (name) => isClosedLater(source.lines, index + 1, name));
    }
    for (const frame of frames.reverse()) {
      this.#nesting -= 1;
      this.#phase.mistakes.error(frame.place, `<${frame.name}>`, `expected </${frame.name}> before the end`, {
        kind: 'section-not-closed',
        at: 'name',
      });
    }
    return nodes;
  }

  #readLine(
    line: SourceLine,
    writtenPlace: Place,
    frames: Frame[],
    root: Node[],
    isClosedLater: (name: string) => boolean,
  ): void {
    const frame = frames.at(-1);
    const collects = frame?.kind === 'macro' || frame?.kind === 'macro-inner';
    if (collects || frame?.kind === 'skipped') {
      // Neither expanded nor checked, but sections must nest.
      const { word } = takeWord(line.text);
      const isEnd = word.startsWith('</');
      if (collects && !(isEnd && frame.kind === 'macro' && this.#names(word, frame))) frame.body.push(line);
      const place = writtenPlace;
      if (isEnd) this.#close(word, place, frames, isClosedLater);
      else if (word.startsWith('<')) {
        const name = word.slice(1).replace(/>$/, '');
        this.#push(
          frames,
          collects
            ? { kind: 'macro-inner', name, place, body: frame.body }
            : { kind: 'skipped', name, place },
        );
      }
      return;
    }
    const expanded = this.#expand(line, writtenPlace);
    const place = expanded === line ? writtenPlace : { ...writtenPlace, line: expanded };
    const { word, rest } = takeWord(expanded.text);
    const nodes = frame?.nodes ?? root;
    if (word.startsWith('</')) this.#close(word, place, frames, isClosedLater);
    else if (word.startsWith('<')) this.#open(word, rest, place, frames, nodes);
    else if (readPhaseNames.has(word.toLowerCase()) && this.#permits(word))
      this.#carryOut(word, rest, place, nodes);
    else if (word !== '') nodes.push({ kind: 'directive', name: word, text: rest, place });
  }

  #expand(line: SourceLine, place: Place): SourceLine {
    const isMacro = /^<macro\s/i.test(line.text);
    const { text, replacements } = this.#phase.variables.expand(line.text, (name, start) => {
      // `<Macro NAME ${x}>` declares a parameter of that spelling.
      if (isMacro) return;
      const message = `the variable \${${name}} is not defined and stays as it is`;
      const at = { start, end: start + name.length + 3 };
      this.#phase.mistakes.warning(place, undefined, message, { kind: 'undefined-variable', at });
    });
    if (replacements.length === 0) return line;
    return { text, written: line.written, changes: [replacements, ...line.changes] };
  }

  // ---- sections

  #open(word: string, rest: string, place: Place, frames: Frame[], nodes: Node[]): void {
    const { mistakes } = this.#phase;
    if (word === '<') {
      mistakes.error(
        place,
        '<',
        'expected the name of the section right after the bracket, without a blank',
        { kind: 'section-bracket', at: 'name' },
      );
      const retry = takeWord(rest);
      // `< <` names nothing that could be meant.
      if (retry.word === '' || retry.word.startsWith('<')) return;
      this.#open(`<${retry.word}`, retry.rest, place, frames, nodes);
      return;
    }
    const endsInWord = word.endsWith('>');
    const name = endsInWord ? word.slice(1, -1) : word.slice(1);
    const bracket = rest.lastIndexOf('>');
    if (!endsInWord && bracket < 0)
      mistakes.error(place, `<${name}>`, "expected '>' at the end of the line", {
        kind: 'section-bracket',
        at: 'end',
      });
    // What follows the last bracket is ignored, as in httpd.
    const text = endsInWord ? '' : trimSpace(bracket < 0 ? rest : rest.slice(0, bracket));
    const isPermitted = this.#permits(`<${name}`);
    if (name.toLowerCase() === 'macro' && isPermitted) {
      const macro = parseMacroHead(this.#phase, name, text, place);
      this.#push(frames, { kind: 'macro', name, place, macro, body: [] });
      return;
    }
    const condition = conditions.get(name.toLowerCase());
    if (condition !== undefined && isPermitted) {
      const answer = text === '' ? noArgument : condition(text, this.#phase, place);
      if (typeof answer === 'string')
        mistakes.error(place, `<${name}>`, describeCondition(name, answer), { kind: 'condition' });
      this.#push(
        frames,
        answer === true ? { kind: 'taken', name, place, nodes } : { kind: 'skipped', name, place },
      );
      return;
    }
    const section: SectionNode = { kind: 'section', name, text, place, children: [] };
    nodes.push(section);
    this.#push(frames, { kind: 'section', name, place, nodes: section.children });
  }

  /** What may not stand here is left to the walk, which says so. */
  #permits(name: string): boolean {
    return this.#phase.permits?.(name) ?? true;
  }

  #push(frames: Frame[], frame: Frame): void {
    this.#nesting += 1;
    if (this.#nesting > maximumNesting)
      this.#stop(frame.place, `<${frame.name}>`, `sections nest more than ${maximumNesting} levels deep`);
    frames.push(frame);
  }

  #names(word: string, frame: Frame): boolean {
    return word.toLowerCase() === `</${frame.name.toLowerCase()}>`;
  }

  #close(word: string, place: Place, frames: Frame[], isClosedLater: (name: string) => boolean): void {
    const { mistakes } = this.#phase;
    const name = word.slice(2).replace(/>$/, '');
    if (!word.endsWith('>'))
      mistakes.error(place, `</${name}>`, "expected '>' right after the name", {
        kind: 'section-bracket',
        at: 'name',
      });
    const index = frames.findLastIndex((frame) => frame.name.toLowerCase() === name.toLowerCase());
    if (index < 0) {
      const open = frames.at(-1);
      const expected = open === undefined ? 'no section is open here' : `expected </${open.name}>`;
      mistakes.error(place, `</${name}>`, `closes a section that was not opened: ${expected}`, {
        kind: 'section-not-opened',
        at: 'name',
      });
      // Most likely a slip of the pen for the end of the innermost: going on inside it would find mistakes where there are none.
      if (open !== undefined && !isClosedLater(open.name)) this.#end(frames, frames.length - 1, place, name);
      return;
    }
    this.#end(frames, index, place, name);
  }

  /** Ends the frames from the innermost out to the one at `index`, which is the one that `name` is meant for. */
  #end(frames: Frame[], index: number, place: Place, name: string): void {
    while (frames.length > index) {
      const frame = frames.pop();
      this.#nesting -= 1;
      if (frame === undefined) return;
      if (frames.length > index)
        this.#phase.mistakes.error(
          place,
          `</${name}>`,
          `expected </${frame.name}> first, for the section of line ${frame.place.position.line}`,
          { kind: 'section-order', at: 'name' },
        );
      if (frame.kind === 'macro') this.#endMacro(frame);
    }
  }

  // ---- directives of the read phase

  #carryOut(name: string, text: string, place: Place, nodes: Node[]): void {
    const words = splitWords(text);
    const problem = this.#carryOutWords(name, words, place, nodes);
    if (problem === undefined) return;
    const { message, ...details } = typeof problem === 'string' ? { message: problem } : problem;
    this.#phase.mistakes.error(place, name, message, details);
  }

  /** Answers what is wrong, if anything. */
  #carryOutWords(name: string, words: readonly string[], place: Place, nodes: Node[]): Problem | undefined {
    const [first = '', second] = words;
    switch (name.toLowerCase()) {
      case 'define':
        if (first === '' || words.length > 2)
          return countProblem('takes one or two arguments: a name and its value');
        if (first.includes(':')) return "expected a name without ':'";
        this.#phase.variables.define(first, second);
        return undefined;
      case 'undefine':
        if (first === '' || words.length > 1)
          return countProblem('takes one argument: the name of a variable');
        this.#phase.variables.undefine(first);
        return undefined;
      case 'serverroot':
        if (first === '' || words.length > 1) return countProblem('takes one argument: a directory');
        return this.#changeServerRoot(first);
      case 'use':
        return this.#useMacro(first, words.slice(1), place, nodes);
      case 'undefmacro':
        if (first === '' || words.length > 1) return countProblem('takes one argument: the name of a macro');
        return this.#phase.macros.delete(first.toLowerCase()) ? undefined : this.#unknownMacro(first);
      default:
        if (first === '' || words.length > 1)
          return countProblem('takes one argument: a file, a directory or a wildcard');
        return this.#include(name, first, place, nodes);
    }
  }

  #changeServerRoot(path: string): Problem | undefined {
    const root = resolve(this.#phase.serverRoot, path);
    if (!statPath(root)?.isDirectory())
      return { message: `expected a directory that exists, not ${root}`, kind: 'no-such-directory' };
    this.#phase.serverRoot = root;
    return undefined;
  }

  #include(name: string, argument: string, place: Place, nodes: Node[]): Problem | undefined {
    const found = findIncludedFiles(
      argument,
      this.#phase.serverRoot,
      name.toLowerCase() === 'includeoptional',
    );
    if (found.kind === 'failed') return { message: found.message, kind: 'include' };
    for (const file of found.files) append(nodes, this.readFile(file, place, name));
    return undefined;
  }

  // ---- macros

  #endMacro(frame: Extract<Frame, { kind: 'macro' }>): void {
    if (frame.macro === undefined) return;
    const { mistakes } = this.#phase;
    const { name, parameters } = frame.macro;
    if (frame.body.length === 0)
      mistakes.warning(frame.place, `<${frame.name}>`, `the macro '${name}' is empty`, {
        kind: 'macro-doubtful',
      });
    for (const parameter of parameters)
      if (frame.body.length > 0 && !frame.body.some(({ text }) => text.includes(parameter)))
        mistakes.warning(frame.place, `<${frame.name}>`, `the parameter ${parameter} is not used`, {
          kind: 'macro-doubtful',
          at: { word: parameter },
        });
    this.#phase.macros.set(name.toLowerCase(), { ...frame.macro, body: frame.body });
  }

  #useMacro(name: string, values: readonly string[], place: Place, nodes: Node[]): Problem | undefined {
    if (name === '') return countProblem('expected the name of a macro');
    const macro = this.#phase.macros.get(name.toLowerCase());
    if (macro === undefined) return this.#unknownMacro(name);
    if (values.length !== macro.parameters.length)
      return {
        message: `the macro '${macro.name}' takes ${macro.parameters.length} arguments, not ${values.length}`,
        kind: 'macro-arguments',
      };
    const key = name.toLowerCase();
    if (this.#activeMacros.includes(key))
      return { message: `the macro '${macro.name}' uses itself`, kind: 'macro-recursion' };
    const { file, line } = place.position;
    const lines = macro.body
      .map((body) => {
        const { text, changes } = trimTraced(fillMacroLine(body.text, macro.parameters, values));
        return { text, written: body.written, changes: [...changes, ...body.changes] };
      })
      .filter(({ text }) => text !== '' && !text.startsWith('#'));
    this.#activeMacros.push(key);
    this.#nesting += 1;
    append(
      nodes,
      this.readLines({
        file: macro.file,
        lines,
        origin: `in the macro '${macro.name}' used at ${file}:${line}`,
      }),
    );
    this.#nesting -= 1;
    this.#activeMacros.pop();
    return undefined;
  }

  #unknownMacro(name: string): Problem {
    const names = [...this.#phase.macros.values()].map((macro) => macro.name);
    const suggestion = findNearest(name, names);
    return { message: `no macro '${name}' is defined`, kind: 'macro-unknown', suggestion };
  }

  #spend(lines: number, place: Place, directive: string | undefined): void {
    this.#lineBudget -= lines;
    if (this.#lineBudget < 0)
      this.#stop(place, directive, `more than ${this.#mostLines} lines in all files and macros together`);
  }

  #stop(place: Place, directive: string | undefined, message: string): never {
    this.#phase.mistakes.error(place, directive, message, { kind: 'too-much' });
    throw new ReadingStopped(message);
  }
}

/** How many lines are looked through for the end of a section. */
const furthestEnd = 2_000;

/** Whether the next line about sections of that name closes one. */
function isClosedLater(lines: readonly SourceLine[], from: number, name: string): boolean {
  const key = name.toLowerCase();
  for (let index = from; index < Math.min(lines.length, from + furthestEnd); index++) {
    const word = takeWord(lines[index]?.text ?? '').word.toLowerCase();
    if (word === `</${key}>`) return true;
    if (word === `<${key}` || word === `<${key}>`) return false;
  }
  return false;
}

/** As push(...more), for any number of nodes. */
function append(nodes: Node[], more: readonly Node[]): void {
  for (const node of more) nodes.push(node);
}

function describeCondition(name: string, wrong: string): string {
  return wrong === noArgument ? `${wrong}: <${name} ${conditionArguments.get(name.toLowerCase())}>` : wrong;
}
