import { closeSync, openSync } from 'node:fs';
import type { LogDestination, ServerConfig } from '../config/model.js';
import type { LogLevel } from '../log/index.js';
import { LogProgram } from './log-program.js';

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
      return { fd: 1 };
    case 'stderr':
      return { fd: 2 };
    case 'program': {
      const program = new LogProgram(destination.command, log);
      return { fd: program.fd, program };
    }
    case 'file':
      return { fd: openSync(destination.path, 'a', 0o640) };
  }
}
