import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import type { OptionProblem, ProcessGroupDraft } from '../directives/daemon-option-kinds.js';
import { daemonOptions } from '../directives/daemon-options.js';
import type { Here } from '../draft.js';
import type { MistakeDetails } from '../mistakes.js';
import { findNearest } from '../nearest-name.js';
import { listWords, resolvePath } from '../values.js';
import { type KeyMeaning, knownKeys } from './keys.js';
import { expandPlaceholders } from './placeholders.js';
import { readApplication } from './read-application.js';
import { type IniEntry, readUwsgiSection } from './read-ini.js';

/**
 * `ini=`: what the section [uwsgi] of a file says, put into the group. Options that stand on the line itself are to be put in afterwards: they win.
 * Answers what was expected if there is no such file or section; what is wrong in it is reported with its own line.
 */
export function applyIni(group: ProcessGroupDraft, path: string, here: Here): OptionProblem | undefined {
  const file = resolvePath(here, path);
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    return `cannot read ${file} (${(error as NodeJS.ErrnoException).code ?? 'unknown error'})`;
  }
  const written = readUwsgiSection(text);
  if (written === undefined) return `expected a section [uwsgi] in ${file}`;
  const { entries, used, problems } = expandPlaceholders(file, written, here.draft.environment);
  for (const { line, message, isFatal } of problems)
    if (isFatal) lineOf(here, file, line).fail(message);
    else lineOf(here, file, line).warn(message);
  const ini: Ini = { file, entries, used };
  // uWSGI's number when nothing is said; mod_wsgi's would run code that may not be made for threads in fifteen of them.
  group.threads = 1;
  group.home = directoryOf(ini);
  for (const entry of entries) applyEntry(lineOf(here, file, entry.line), group, entry, ini);
  reportIdle(here, ini);
  const application = readApplication(entries, directoryOf(ini), (line) => lineOf(here, file, line));
  here.draft.uwsgiApplications.push({ here, group, ...application });
  return undefined;
}

interface Ini {
  readonly file: string;
  readonly entries: readonly IniEntry[];
  /** Keys that placeholders name. */
  readonly used: ReadonlySet<string>;
}

/** Relative paths start there; uWSGI is usually started where its file lies. */
function directoryOf({ file, entries }: Ini): string {
  return resolve(dirname(file), entries.findLast(({ key }) => key === 'chdir')?.value ?? '');
}

/** One line of the ini file, for mistakes; it is not shown, since it may hold a password. */
function lineOf(here: Here, file: string, line: number): Here {
  const place = { position: { file, line } };
  const { mistakes } = here.draft;
  const directive = '[uwsgi]';
  return {
    ...here,
    place,
    directive,
    fail: (message, details) => mistakes.error(place, directive, message, details),
    warn: (message, details) => mistakes.warning(place, directive, message, details),
  };
}

function applyEntry(at: Here, group: ProcessGroupDraft, entry: IniEntry, ini: Ini): void {
  const { key, value } = entry;
  const meaning = knownKeys.get(key);
  if (meaning === undefined) {
    if (!ini.used.has(key))
      at.warn(`there is no key '${key}': it has no effect`, {
        kind: 'argument-no-effect',
        suggestion: findNearest(key, knownKeys.keys()),
      });
    return;
  }
  switch (meaning.kind) {
    case 'no-effect':
      return;
    case 'own':
      return applyOwn(at, group, key, value, ini);
    case 'missing':
      return at.warn(`${key}: not carried out; use ${meaning.instead}`, { kind: 'argument-no-effect' });
    case 'refused':
      return at.fail(`${key}: not supported; expected ${meaning.instead}`, { kind: 'argument-refused' });
    case 'option':
      return applyOption(at, group, key, meaning.option, convert(at, key, value, meaning, ini));
  }
}

function applyOption(at: Here, group: ProcessGroupDraft, key: string, option: string, value: string): void {
  const here: Here = {
    ...at,
    warn: (message: string, details?: MistakeDetails) => at.warn(`${key}: ${message}`, details),
  };
  const problem = daemonOptions.get(option)?.(group, value, here);
  if (problem === undefined) return;
  const { message, ...details } = typeof problem === 'string' ? { message: problem } : problem;
  at.fail(`${key}: ${message}`, details);
}

/** As uWSGI, a number is what the value begins with; unlike it, what is behind is spoken of. */
function convert(
  at: Here,
  key: string,
  value: string,
  { option, as }: KeyMeaning & { kind: 'option' },
  ini: Ini,
) {
  if (option === 'python-home') return resolve(directoryOf(ini), value);
  const digits = as === undefined ? undefined : /^[+-]?\d+/.exec(value)?.[0];
  if (digits === undefined) return value;
  if (digits !== value) at.warn(`${key}: only ${digits} of '${value}' is looked at`);
  switch (as) {
    case 'count':
      return /^[+-]?0+$/.test(digits) ? '1' : digits;
    case 'megabytes':
      return String(Number(digits) * 2 ** 20);
    case 'kilobytes':
      return String(Number(digits) * 2 ** 10);
    default:
      return digits;
  }
}

function applyOwn(at: Here, group: ProcessGroupDraft, key: string, value: string, ini: Ini): void {
  switch (key) {
    case 'uid':
      return applyOption(at, group, key, 'user', toAccount(value));
    case 'gid':
      return applyOption(at, group, key, 'group', toAccount(value));
    case 'add-gid':
    case 'additional-gid': {
      const groups = [...(group.supplementaryGroups ?? []), toAccount(value)];
      return applyOption(at, group, key, 'supplementary-groups', groups.join(','));
    }
    case 'cheap':
      if (!/^(false|off|no|0)$/i.test(value)) group.minProcesses = 0;
      return;
    case 'idle':
      group.minProcesses = 0;
      return applyOption(at, group, key, 'inactivity-timeout', value);
    case 'env':
      return addVariable(at, group, value);
    case 'pythonpath':
    case 'python-path':
    case 'pp':
      if (/[*?[]/.test(value))
        return at.fail(`${key}: expected a directory without wildcards, not '${value}'`);
      // Each one goes before those that were named earlier.
      group.pythonPath = [resolve(directoryOf(ini), value), ...group.pythonPath];
      return;
    default:
      return;
  }
}

function toAccount(value: string): string {
  return /^\d+$/.test(value) ? `#${value}` : value;
}

/** Quotes belong to the value, as in uWSGI. */
function addVariable(at: Here, group: ProcessGroupDraft, text: string): void {
  const equals = text.indexOf('=');
  // The value may be a secret.
  if (equals < 1 || text.includes('\0')) return at.fail('env: expected NAME=value');
  group.environment = { ...group.environment, [text.slice(0, equals)]: text.slice(equals + 1) };
}

/** One line for all: they are no mistake of anybody. */
function reportIdle(here: Here, { file, entries }: Ini): void {
  const idle = entries.filter(({ key }) => knownKeys.get(key)?.kind === 'no-effect');
  const first = idle[0];
  if (first === undefined) return;
  const keys = [...new Set(idle.map(({ key }) => key))].map((key) => `'${key}'`);
  const message = `no effect here: ${listWords(keys).replace(/ or ([^ ]+)$/, ' and $1')}`;
  lineOf(here, file, first.line).warn(message, { kind: 'argument-no-effect' });
}
