import type { CustomLog, LogDestination, ServerConfig, VirtualHost } from '../config/model.js';
import {
  type AccessRecord,
  compileLogFormat,
  createErrorLog,
  type ErrorLog,
  type LogWriter,
} from '../log/index.js';
import { isLogWanted } from './log-condition.js';
import type { SiteLogs } from './site.js';

interface CompiledLog {
  readonly writer: LogWriter;
  readonly format: (record: AccessRecord) => string;
  readonly definition: CustomLog;
}

/** Error and access logs of every virtual host, over writers that front-end.ts has opened. */
export function createSiteLogs(
  config: ServerConfig,
  writerOf: (destination: LogDestination) => LogWriter,
): SiteLogs {
  const errorLogs = new Map<number, ErrorLog>();
  const accessLogs = new Map<number, readonly CompiledLog[]>();
  for (const host of [config.mainServer, ...config.virtualHosts]) {
    const writer = writerOf(host.settings.errorLog);
    errorLogs.set(
      host.id,
      createErrorLog({ write: (line) => writer.write(line), levels: host.settings.logLevel }),
    );
    accessLogs.set(host.id, compileLogs(config, host, writerOf));
  }
  return {
    errorLog: (host) => errorLogs.get(host.id) as ErrorLog,
    logAccess: (host, makeRecord, holds) => {
      const logs = accessLogs.get(host.id) ?? [];
      if (logs.length === 0) return;
      const record = makeRecord();
      for (const { writer, format, definition } of logs) {
        if (isLogWanted(definition, record, holds)) writer.write(`${format(record)}\n`);
      }
    },
  };
}

/** A virtual host without CustomLog writes to the main server's. */
function compileLogs(
  config: ServerConfig,
  host: VirtualHost,
  writerOf: (destination: LogDestination) => LogWriter,
): CompiledLog[] {
  const own = host.settings.customLogs;
  const logs = own.length > 0 ? own : config.mainServer.settings.customLogs;
  return logs.map((definition) => ({
    writer: writerOf(definition.destination),
    format: compileLogFormat(definition.format),
    definition,
  }));
}
