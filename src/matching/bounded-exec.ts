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
/** With a group that is repeated, each byte more may double the time. */
const shortText = 12;

/** What V8's linear-time matcher cannot do (`boundMatching`): look around, refer back, count. */
const beyondLinear = /\(\?<?[=!]|\\[1-9k]|\{\d/;
const repeatedGroup = /\)[*+{]/;
const repetitions = /[*+]|\{\d+,/g;
/** Not of what begins with `(?`. */
const choices = /(?<!\()\?|\|/g;

interface Bounds {
  /** Texts up to this length are compared in no time. */
  readonly harmlessLength: number;
  limitMs: number;
}

const known = new WeakMap<RegExp, Bounds>();

/**
 * As `exec`, of a pattern of the site file or a .htaccess file. One that V8's linear-time matcher cannot take over is interrupted in
 * time, which costs 50 µs, so only where the text is long enough for it to matter. @throws PatternTooSlow
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
    bounds = { harmlessLength: findHarmlessLength(pattern.source), limitMs: firstLimitMs };
    known.set(pattern, bounds);
  }
  if (text.length <= bounds.harmlessLength) return compare();
  const made = runInTime(compare, bounds.limitMs);
  if (made !== 'too-slow') return made.result;
  bounds.limitMs = nextLimitMs;
  throw new PatternTooSlow(pattern, text);
}

/** Each repetition may end anywhere, and so may the match begin; each choice doubles the ways. */
function findHarmlessLength(source: string): number {
  if (!beyondLinear.test(source)) return Number.POSITIVE_INFINITY;
  if (repeatedGroup.test(source)) return shortText;
  const count = (of: RegExp) => source.match(of)?.length ?? 0;
  return Math.floor((mostSteps / 2 ** count(choices)) ** (1 / (count(repetitions) + 1)));
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
