import type { Authorizer } from '../auth/index.js';
import type { BalancerTable } from '../balancing/index.js';
import type { AuthScript, Condition, Position, ServerConfig, VirtualHost } from '../config/model.js';
import type { ServeFile } from '../files/index.js';
import type { Gateway } from '../gateway/index.js';
import type { AccessRecord, ErrorLog } from '../log/index.js';
import type { Forwarding, ForwardRequest, Runtime } from '../proxy/index.js';
import type { DispatchedNames, ProcessGroupTable, Router } from '../routing/index.js';
import type { Trace } from '../trace/index.js';

/** Everything the lifecycle calls, put together once by front-end.ts. */
export interface Site {
  readonly config: ServerConfig;
  readonly router: Router;
  readonly processGroups: ProcessGroupTable;
  readonly authorizer: Authorizer;
  readonly serveFile: ServeFile;
  readonly logs: SiteLogs;
  /** The Server header, as ServerTokens wants it. */
  readonly software: string;
  /** Is told every decision; absent while serving. */
  readonly trace?: Trace;
  readonly gateway: Gateway;
  /** Asks a WSGIDispatchScript; a text says why there is no usable answer. */
  dispatch(script: AuthScript, environ: readonly string[]): Promise<DispatchedNames | string>;
  readonly balancers: BalancerTable;
  forward(group: string, runtime: Runtime, request: ForwardRequest): Forwarding;
}

export interface SiteLogs {
  errorLog(virtualHost: VirtualHost): ErrorLog;
  /** Writes to every CustomLog of the virtual host whose condition holds. */
  logAccess(virtualHost: VirtualHost, makeRecord: () => AccessRecord, holds: AskLogCondition): void;
}

/** Whether the expression of a CustomLog, which stands at the position, holds for the request that has ended. */
export type AskLogCondition = (condition: Condition, position: Position) => boolean;

type RefusalLevel = 'alert' | 'crit' | 'error' | 'warn' | 'info' | 'debug';

/** A worded "no": the status for the client, the cause for the log. */
export interface Refusal {
  readonly kind: 'refusal';
  readonly status: number;
  /** Absent: Apache logs nothing (401 for want of credentials, 404 of a missing file at info). */
  readonly log?: {
    readonly level: RefusalLevel;
    readonly module: string;
    readonly text: string;
  };
  /** What another server called the status. Byte string; absent: the usual name. */
  readonly reason?: string;
  /** What the server's own page says besides. */
  readonly hint?: string;
  /** name, value, …: WWW-Authenticate, Allow, Location. */
  readonly headers?: readonly string[];
}

export function refuse(status: number, module: string, text: string, level: RefusalLevel = 'error'): Refusal {
  return { kind: 'refusal', status, log: { level, module, text } };
}
