import { constants, openSync } from 'node:fs';

/**
 * Opens (and creates) a log file for appending and returns its descriptor. Throws Node's system error, with `code` and
 * `path`, if that fails. A named pipe that nobody reads is such a failure (ENXIO) rather than a start that hangs.
 */
export function openLogFile(path: string): number {
  const { O_APPEND, O_CREAT, O_NOCTTY, O_NONBLOCK, O_WRONLY } = constants;
  return openSync(path, O_WRONLY | O_APPEND | O_CREAT | O_NOCTTY | O_NONBLOCK, 0o644);
}
