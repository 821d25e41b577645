import { accessSync, constants } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import type { Here } from './draft.js';
import type { LogDestination } from './model.js';
import { findNearest } from './nearest-name.js';
import { statPath } from './stat-path.js';
import { resolvePath } from './values.js';
import { splitWords } from './words.js';

/** Device files that mean the streams the server was started with. */
const streams: ReadonlyMap<string, LogDestination> = new Map([
  ['/dev/stdout', { kind: 'stdout' }],
  ['/dev/fd/1', { kind: 'stdout' }],
  ['/proc/self/fd/1', { kind: 'stdout' }],
  ['/dev/stderr', { kind: 'stderr' }],
  ['/dev/fd/2', { kind: 'stderr' }],
  ['/proc/self/fd/2', { kind: 'stderr' }],
]);

/** Where a log goes; reports what modhost cannot write to. */
export function parseLogDestination(here: Here, text: string): LogDestination | undefined {
  if (text.startsWith('|')) return takeProgram(here, text, readCommand(text));
  const stream = streams.get(text);
  if (stream !== undefined) return stream;
  const path = resolvePath(here, text);
  // A log is opened by its name; its directory is not made.
  if (!statPath(dirname(path))?.isDirectory())
    here.fail(`expected a file in a directory that exists, not ${path}`, {
      kind: 'no-such-directory',
      at: { word: text },
    });
  return { kind: 'file', path };
}

/** Facilities of syslog, as `logger` names them. */
const facilities: readonly string[] = [
  ...['auth', 'authpriv', 'cron', 'daemon', 'ftp', 'kern', 'lpr', 'mail', 'news', 'syslog', 'user', 'uucp'],
  ...[0, 1, 2, 3, 4, 5, 6, 7].map((number) => `local${number}`),
];

/**
 * Where messages go: what parseLogDestination takes, or `syslog[:facility[:tag]]`, which is a pipe to `logger`. The level of a message is in its
 * text; for syslog all are notices.
 */
export function parseErrorLogDestination(here: Here, text: string): LogDestination | undefined {
  const [, facility = '', tag = ''] = /^syslog(?:$|:([^:]*)(?::(.*))?$)/is.exec(text) ?? [];
  if (!/^syslog(:|$)/i.test(text)) return parseLogDestination(here, text);
  if (facility !== '' && !facilities.includes(facility.toLowerCase())) {
    here.fail(`there is no facility '${facility}'`, { suggestion: findNearest(facility, facilities) });
    return undefined;
  }
  const priority = `${(facility || 'local7').toLowerCase()}.notice`;
  return takeProgram(here, text, ['logger', '-p', priority, '-t', tag || 'modhost']);
}

/** `|program arguments`, `||program arguments`, or `|$command` for the shell. */
function readCommand(text: string): readonly string[] {
  if (text.startsWith('|$')) return ['/bin/sh', '-c', text.slice(2)];
  return splitWords(text.replace(/^\|{1,2}/, ''));
}

function takeProgram(here: Here, text: string, command: readonly string[]): LogDestination | undefined {
  const [program = ''] = command;
  if (program === '') {
    here.fail('expected a program behind the |', { at: { word: text } });
    return undefined;
  }
  if (!canRun(program))
    here.fail(`there is no program ${program} that could be started`, {
      kind: 'missing-file',
      at: { word: text },
    });
  return { kind: 'program', command, text };
}

function canRun(program: string): boolean {
  const places = program.includes('/')
    ? [program]
    : (process.env.PATH ?? '').split(delimiter).map((folder) => join(folder, program));
  return places.some((path) => {
    try {
      accessSync(path, constants.X_OK);
      return statPath(path)?.isFile() === true;
    } catch {
      return false;
    }
  });
}
