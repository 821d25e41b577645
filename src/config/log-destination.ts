import { dirname } from 'node:path';
import type { Here } from './draft.js';
import type { LogDestination } from './model.js';
import { statPath } from './stat-path.js';
import { resolvePath } from './values.js';

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
  if (text.startsWith('|')) {
    here.fail('expected a file: logs that are piped to a program are not supported yet', {
      kind: 'argument-refused',
      at: { word: text },
    });
    return undefined;
  }
  if (/^syslog(:|$)/i.test(text)) {
    here.fail('expected a file: syslog is not supported yet', {
      kind: 'argument-refused',
      at: { word: text },
    });
    return undefined;
  }
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
