import { formatErrorLine } from './error-line.js';
import { isLevelEnabled, type LogLevel } from './levels.js';

/** What LogLevel says: `LogLevel info wsgi:trace3`. */
export interface ErrorLogLevels {
  readonly default: LogLevel;
  /** By module identifier without `_module`. */
  readonly modules: ReadonlyMap<string, LogLevel>;
}

export interface ErrorLogOptions {
  /** Takes whole lines of printable ASCII, each with its newline. */
  write(line: string): void;
  readonly levels: ErrorLogLevels;
  /** Default: this process. */
  readonly pid?: number;
}

export interface ErrorLogContext {
  /** `ip:port` */
  readonly client?: string;
  readonly referer?: string;
}

export interface ErrorLog {
  log(level: LogLevel, module: string, message: string, context?: ErrorLogContext): void;
  /** Ask first where composing the message costs something. */
  isEnabled(level: LogLevel, module: string): boolean;
}

/** An error log with the levels of one server, virtual host or section. */
export function createErrorLog(options: ErrorLogOptions): ErrorLog {
  const { write, levels, pid = process.pid } = options;

  function isEnabled(level: LogLevel, module: string): boolean {
    return isLevelEnabled(level, levels.modules.get(module) ?? levels.default);
  }

  return {
    isEnabled,
    log(level, module, message, context) {
      if (!isEnabled(level, module)) return;
      write(formatErrorLine({ ...context, time: new Date(), module, level, pid, message }));
    },
  };
}
