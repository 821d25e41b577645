import { closeSync, openSync } from 'node:fs';
import type { LogDestination, ServerConfig } from '../config/model.js';

/** An open log and every destination that leads to it. */
export interface OpenLog {
  readonly key: string;
  readonly fd: number;
}

/** One name per place, so that a file named twice is opened once. */
export function keyOfLog(destination: LogDestination): string {
  return destination.kind === 'file' ? destination.path : `<${destination.kind}>`;
}

/**
 * Opens every log of the configuration for appending, as the supervisor's own user.
 * @throws Error naming the file that cannot be opened; nothing stays open then
 */
export function openLogs(config: ServerConfig): OpenLog[] {
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
      open.set(key, { key, fd: openDestination(destination) });
    } catch (error) {
      closeLogs([...open.values()]);
      throw new Error(`could not open log file ${key}: ${(error as Error).message}`);
    }
  }
  return [...open.values()];
}

export function closeLogs(logs: readonly OpenLog[]): void {
  for (const { fd } of logs) if (fd > 2) closeSync(fd);
}

function openDestination(destination: LogDestination): number {
  if (destination.kind === 'stdout') return 1;
  if (destination.kind === 'stderr') return 2;
  return openSync(destination.path, 'a', 0o640);
}
