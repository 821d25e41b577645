import { formatErrorLogTime } from './clock-text.js';
import { escapeErrorText } from './escape.js';
import type { LogLevel } from './levels.js';

export interface ErrorEntry {
  readonly time: Date;
  /** Module identifier without `_module`: `core`, `wsgi`, `auth_basic`. */
  readonly module: string;
  readonly level: LogLevel;
  readonly pid: number;
  /** `ip:port` */
  readonly client?: string;
  readonly message: string;
  /** The request's Referer, as received. */
  readonly referer?: string;
}

/**
 * One line of the error log in Apache's default ErrorLogFormat, ending in a newline. Whatever the message holds, the
 * result is one line of printable ASCII, so that no request can forge another entry or send codes to a terminal.
 */
export function formatErrorLine(entry: ErrorEntry): string {
  const head = `[${formatErrorLogTime(entry.time)}] [${entry.module}:${entry.level}] [pid ${entry.pid}:tid ${entry.pid}]`;
  const client = entry.client ? ` [client ${escapeErrorText(entry.client)}]` : '';
  const referer = entry.referer ? `, referer: ${escapeErrorText(entry.referer)}` : '';
  return `${head}${client} ${escapeErrorText(entry.message)}${referer}\n`;
}
