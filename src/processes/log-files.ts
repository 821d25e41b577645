import { closeSync, constants, fstatSync, openSync } from 'node:fs';
import type { LogDestination, ServerConfig } from '../config/model.js';
import type { LogLevel } from '../log/index.js';
import { LogProgram } from './log-program.js';

const { O_APPEND, O_NONBLOCK, O_WRONLY } = constants;

/** An open log and every destination that leads to it. */
export interface OpenLog {
  readonly key: string;
  readonly fd: number;
  /** Absent: a file. */
  readonly program?: LogProgram;
}

/** One name per place, so that a file named twice is opened once. */
export function keyOfLog(destination: LogDestination): string {
  if (destination.kind === 'program') return destination.text;
  return destination.kind === 'file' ? destination.path : `<${destination.kind}>`;
}

/**
 * Opens every log of the configuration for appending, as the supervisor's own user, and starts the programs that logs are piped to.
 * @throws Error naming the file that cannot be opened; nothing stays open then
 */
export function openLogs(config: ServerConfig, log: (level: LogLevel, message: string) => void): OpenLog[] {
  const servers = [config.mainServer, ...config.virtualHosts];
  const destinations = servers.flatMap(({ settings }) => [
    settings.errorLog,
    ...settings.customLogs.map(({ destination }) => destination),
  ]);
  const open = new Map<string, OpenLog>();
  for (const destination of destinations) {
    const key = keyOfLog(destination);
    if (open.has(key)) continue;
    try {
      open.set(key, { key, ...openDestination(destination, log) });
    } catch (error) {
      closeLogs([...open.values()]);
      throw new Error(`could not open log file ${key}: ${(error as Error).message}`);
    }
  }
  return [...open.values()];
}

export function closeLogs(logs: readonly OpenLog[]): void {
  for (const { fd, program } of logs) {
    if (program !== undefined) program.close();
    else if (fd > 2) closeSync(fd);
  }
}

function openDestination(
  destination: LogDestination,
  log: (level: LogLevel, message: string) => void,
): Omit<OpenLog, 'key'> {
  switch (destination.kind) {
    case 'stdout':
      return { fd: openPipeAnew(1) };
    case 'stderr':
      return { fd: openPipeAnew(2) };
    case 'program': {
      const program = new LogProgram(destination.command, log);
      return { fd: program.fd, program };
    }
    case 'file':
      return { fd: openSync(destination.path, 'a', 0o640) };
  }
}

/**
 * A pipe that nobody reads blocks whoever writes to it, once it is full, and so the whole server. Opened anew it says instead that
 * it is full (the flag set on our own descriptor would hold for everybody who shares it, the caller's shell too).
 */
function openPipeAnew(fd: 1 | 2): number {
  try {
    if (fstatSync(fd).isFIFO()) return openSync(`/proc/self/fd/${fd}`, O_WRONLY | O_NONBLOCK | O_APPEND);
  } catch {
    // Closed, or another account's: it stays as it is.
  }
  return fd;
}
