import { type LogLevel, logLevels } from '../log/index.js';
import type { Command, ControlAction, Question, SiteOptions } from './command.js';
import { parseExplain } from './parse-explain.js';

/** One sentence; usage follows on stderr, and exit code 1. */
export interface UsageError {
  readonly kind: 'usage-error';
  readonly message: string;
}

/**
 * The arguments after `modhost`, as httpd reads its own: single letters, alone or in a cluster, a value attached or as
 * the next argument. In addition the words of -k, and `run`, may stand bare.
 */
export function parseCommandLine(argv: readonly string[]): Command | UsageError {
  if (argv[0] === 'htpasswd' || argv[0] === 'htdigest') return { kind: argv[0], arguments: argv.slice(1) };
  if (argv[0] === 'explain') return parseExplainCommand(argv.slice(1));
  const given = readOptions(argv);
  return 'message' in given ? given : chooseCommand(given);
}

function parseExplainCommand(argv: readonly string[]): Command | UsageError {
  const parsed = parseExplain(argv);
  if (typeof parsed === 'string') return usageError(parsed);
  const { rest, ...asked } = parsed;
  const given = readOptions(rest);
  if ('message' in given) return given;
  return { kind: 'explain', site: collectSiteOptions(given, undefined), ...asked };
}

interface Given {
  /** Letters without a value. */
  readonly letters: string[];
  /** Letters with a value, in order. */
  readonly values: { readonly letter: string; readonly value: string }[];
  /** Bare words and the values of -k. */
  readonly words: string[];
  /** Long options that have no letter. */
  readonly longs: Set<string>;
}

const lettersWithValue = 'fdDeCck';
const lettersAlone = 'XtSMLVvh';
const longOptions: readonly string[] = ['--json', '--resolved'];
const longForms = new Map([
  ['--help', 'h'],
  ['--version', 'v'],
]);

function readOptions(argv: readonly string[]): Given | UsageError {
  const given: Given = { letters: [], values: [], words: [], longs: new Set() };
  const rest = [...argv];
  for (let argument = rest.shift(); argument !== undefined; argument = rest.shift()) {
    const long = longForms.get(argument);
    if (long) {
      given.letters.push(long);
      continue;
    }
    if (longOptions.includes(argument)) {
      given.longs.add(argument);
      continue;
    }
    if (!argument.startsWith('-') || argument === '-') {
      given.words.push(argument);
      continue;
    }
    if (argument.startsWith('--')) return usageError(`unknown option ${argument}`);
    for (let at = 1; at < argument.length; at += 1) {
      const letter = argument.charAt(at);
      if (lettersAlone.includes(letter)) {
        given.letters.push(letter);
        continue;
      }
      if (!lettersWithValue.includes(letter)) return usageError(`unknown option -${letter}`);
      const value = argument.slice(at + 1) || rest.shift();
      if (value === undefined) return usageError(`option -${letter} needs a value`);
      if (letter === 'k') given.words.push(value);
      else given.values.push({ letter, value });
      break;
    }
  }
  return given;
}

function chooseCommand(given: Given): Command | UsageError {
  // As in httpd, the first option that only prints something decides.
  const printing = given.letters.map((letter) => printingKinds.get(letter)).find(Boolean);
  if (printing) return { kind: printing };

  const level = valuesOf(given, 'e').at(-1)?.toLowerCase();
  if (level !== undefined && !isLogLevel(level))
    return usageError(`-e: ${level} is no level; expected one of ${logLevels.join(', ')}`);
  const site = collectSiteOptions(given, level);

  const has = (letter: string) => given.letters.includes(letter);
  const shows = (name: string) => has('t') && site.defines.includes(name);
  if (has('M') || shows('DUMP_MODULES')) return { kind: 'list-modules' };
  if (has('S') || shows('DUMP_VHOSTS') || shows('DUMP_RUN_CFG')) return { kind: 'show-virtual-hosts', site };
  const json = given.longs.has('--json');
  if (has('t')) return { kind: 'check', site, json };
  const [word = 'start', second, third] = given.words;
  const question = readQuestion(word, second);
  if (typeof question === 'string') return usageError(question);
  if (question !== undefined) {
    const extra = question.command === 'reload' ? third : second;
    if (extra !== undefined) return usageError(`${word} takes no ${extra}`);
    return { kind: 'ask', question, site, json };
  }
  if (json) return usageError('--json goes with -t, status and plan');
  if (second !== undefined) return usageError(`one thing at a time: ${word} or ${second}`);
  const resolved = given.longs.has('--resolved');
  if (word === 'config' && resolved) return { kind: 'show-resolved', site };
  if (word === 'config' || resolved) return usageError('expected modhost config --resolved');
  if (isControlAction(word)) return { kind: 'control', action: word, site };
  if (word !== 'start' && word !== 'run')
    return usageError(
      `unknown command ${word}; expected run, start, ${controlActions.join(', ')}, reload, plan, status, config, explain, htpasswd or htdigest`,
    );
  const foreground = word === 'run' || has('X') || site.defines.includes('FOREGROUND');
  return { kind: 'start', foreground, site };
}

/** Or what is missing; undefined for other words. */
function readQuestion(word: string, second: string | undefined): Question | string | undefined {
  if (word === 'status' || word === 'plan') return { command: word };
  if (word !== 'reload') return undefined;
  if (second === undefined) return 'expected modhost reload GROUP';
  return { command: 'reload', group: second === '%{GLOBAL}' ? '' : second };
}

const printingKinds = new Map([
  ['h', 'help'],
  ['v', 'show-version'],
  ['V', 'show-settings'],
  ['L', 'list-directives'],
] as const) as ReadonlyMap<string, 'help' | 'show-version' | 'show-settings' | 'list-directives'>;

const controlActions: readonly ControlAction[] = ['stop', 'restart', 'graceful', 'graceful-stop'];

function isControlAction(word: string): word is ControlAction {
  return (controlActions as readonly string[]).includes(word);
}

function isLogLevel(word: string): word is LogLevel {
  return (logLevels as readonly string[]).includes(word);
}

function collectSiteOptions(given: Given, startupLogLevel: LogLevel | undefined): SiteOptions {
  const configFile = valuesOf(given, 'f').at(-1);
  const serverRoot = valuesOf(given, 'd').at(-1);
  return {
    ...(configFile === undefined ? {} : { configFile }),
    ...(serverRoot === undefined ? {} : { serverRoot }),
    defines: valuesOf(given, 'D'),
    directivesBefore: valuesOf(given, 'C'),
    directivesAfter: valuesOf(given, 'c'),
    ...(startupLogLevel === undefined ? {} : { startupLogLevel }),
  };
}

function valuesOf(given: Given, letter: string): string[] {
  return given.values.filter((option) => option.letter === letter).map(({ value }) => value);
}

function usageError(message: string): UsageError {
  return { kind: 'usage-error', message };
}
