import { type Context, createContext, Script } from 'node:vm';

/** There are too many ways to compare the text with the pattern: nobody knows whether it matches, so whoever protects something by it must refuse. */
export class PatternTooSlow extends Error {
  override readonly name = 'PatternTooSlow';

  constructor({ source }: RegExp, text: string) {
    const shown = source.length <= longestShown ? source : `${source.slice(0, longestShown)}…`;
    super(`too many ways to compare ${text.length} bytes with the pattern ${shown}`);
  }
}

const longestShown = 200;

/** So long a pattern may hold up all requests of the process: once, and then each time. */
const firstLimitMs = 200;
const nextLimitMs = 20;

/** Some milliseconds. */
const mostSteps = 1_000_000;

/** Some 50 milliseconds of V8's linear-time matcher, which goes through all its states for each byte, each with a copy of the groups. */
const mostLinearSteps = 10_000_000;
/** What a state without groups takes, in groups. */
const stepsOfState = 12;
/** Not even an empty one. */
const noText = -1;

/** What V8's linear-time matcher cannot do (`boundMatching`): look around, refer back, count. */
const beyondLinear = /\(\?<?[=!]|\\[1-9k]|\{\d/;
/** It writes out each `+` twice, in those around it twice again, and takes no more than 16 times. */
const mostRepeatedOnce = 3;

const group = /\((?:(?!\?)|\?<[^=!])/g;
const repeatedOnceGroup = /\)\+/g;
const repeatedGroup = /\)[*+{]/;
const repetitions = /[*+]|\{\d+,/g;
/** Not of what begins with `(?`. */
const choices = /(?<!\()\?|\|/g;

interface Bounds {
  /** Texts up to this length are compared in no time. Negative: none is. */
  readonly harmlessLength: number;
  limitMs: number;
}

const known = new WeakMap<RegExp, Bounds>();

/**
 * As `exec`, of a pattern of the site file or a .htaccess file. One that V8's linear-time matcher cannot take over, or not soon, is
 * interrupted in time. That costs 50 µs, as a thread is made each time that watches the clock: only where it may matter.
 * @throws PatternTooSlow
 */
export function execBounded(pattern: RegExp, text: string): RegExpExecArray | null {
  return match(pattern, text, () => pattern.exec(text));
}

/** As `test`. @throws PatternTooSlow */
export function testBounded(pattern: RegExp, text: string): boolean {
  return execBounded(pattern, text) !== null;
}

/** As `text.replace`. @throws PatternTooSlow */
export function replaceBounded(
  text: string,
  pattern: RegExp,
  replacer: (...groups: unknown[]) => string,
): string {
  return match(pattern, text, () => text.replace(pattern, replacer));
}

function match<Result>(pattern: RegExp, text: string, compare: () => Result): Result {
  let bounds = known.get(pattern);
  if (bounds === undefined) {
    bounds = { harmlessLength: findHarmlessLength(pattern), limitMs: firstLimitMs };
    known.set(pattern, bounds);
  }
  try {
    if (text.length <= bounds.harmlessLength) return compare();
    const made = runInTime(compare, bounds.limitMs);
    if (made !== 'too-slow') return made.result;
  } catch (error) {
    if (!isTooLarge(error)) throw error;
  }
  bounds.limitMs = nextLimitMs;
  throw new PatternTooSlow(pattern, text);
}

/** V8 compiles a pattern when it is first compared, and has a stack of its own for it: only then it tells that these do not suffice. */
function isTooLarge(error: unknown): boolean {
  return error instanceof RangeError || error instanceof SyntaxError;
}

/** Each repetition may end anywhere, and so may the match begin; each choice doubles the ways. */
function findHarmlessLength({ source, global }: RegExp): number {
  // Nothing that is escaped shall look like a part of what is counted.
  const bare = source.replace(/\\./gs, '.');
  const count = (of: RegExp) => bare.match(of)?.length ?? 0;
  // For all the places where it matches, the rest of the text may be gone through from each.
  const passes = global ? 2 : 1;
  const states = count(choices) + count(repetitions) + 1;
  if (!beyondLinear.test(source) && count(repeatedOnceGroup) <= mostRepeatedOnce)
    return Math.floor((mostLinearSteps / (states * (stepsOfState + count(group)))) ** (1 / passes));
  // Groups that are repeated within each other, or repeat choices, have countless ways for some bytes, or for none.
  if (repeatedGroup.test(bare)) return noText;
  const length = Math.floor((mostSteps / 2 ** count(choices)) ** (1 / (count(repetitions) + passes)));
  return length < 1 ? noText : length;
}

/** Made by the first who needs it: it takes a megabyte. */
let runner: { readonly script: Script; readonly context: Context; task: () => void } | undefined;

/** The only way to interrupt a RegExp. Whatever `run` does besides is left half done. */
function runInTime<Result>(run: () => Result, limitMs: number): { readonly result: Result } | 'too-slow' {
  runner ??= {
    script: new Script('run()'),
    context: createContext({ run: () => runner?.task() }),
    task: () => {},
  };
  let made: { readonly result: Result } | undefined;
  runner.task = () => {
    made = { result: run() };
  };
  try {
    runner.script.runInContext(runner.context, { timeout: limitMs });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ERR_SCRIPT_EXECUTION_TIMEOUT') return 'too-slow';
    throw error;
  } finally {
    runner.task = () => {};
  }
  return made ?? 'too-slow';
}
