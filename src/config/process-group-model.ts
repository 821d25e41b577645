/** Types of the configuration, entered by model.ts. WSGIDaemonProcess. */

import type { Position } from './model.js';

/** WSGIDaemonProcess. Options that were not given have mod_wsgi's defaults. */
export interface ProcessGroup {
  readonly name: string;
  readonly position: Position;
  /** `id` of the virtual host it is declared in; 0: usable by all. */
  readonly virtualHostId: number;
  readonly processes: number;
  /** True when `processes=` was given at all: wsgi.multiprocess. */
  readonly multiprocess: boolean;
  /** 0: there are none until a request needs them; absent: all of them, always. */
  readonly minProcesses?: 0;
  /** Absent: 15 for Python, no bound for Node. 0: no requests; WSGIImportScript is what its processes do. */
  readonly threads?: number;
  /** URL path that a new process has to answer with 2xx or 3xx before it serves. */
  readonly healthPath?: string;
  readonly displayName?: string;
  /** Absolute. */
  readonly home?: string;
  /** Absolute, without slash at the end: processes see nothing outside of it, and `home` and the paths of Python are inside. */
  readonly chroot?: string;

  // ---- identity and surroundings
  readonly user?: string;
  readonly group?: string;
  readonly supplementaryGroups?: readonly string[];
  /** As a number. */
  readonly umask?: number;
  readonly lang?: string;
  readonly locale?: string;
  /** The user or the group that scripts and their folders must belong to. */
  readonly scriptOwner?: { readonly kind: 'user' | 'group'; readonly id: number; readonly name: string };
  /** Added to what the supervisor's own environment gives. */
  readonly environment: Readonly<Record<string, string>>;

  // ---- the interpreter
  readonly pythonHome?: string;
  readonly pythonPath: readonly string[];
  readonly pythonEggs?: string;
  /** Script file → dotted name, for those that are imported as modules. */
  readonly pythonModules?: Readonly<Record<string, string>>;
  /** The `node` to run JavaScript with; absent: the server's own. */
  readonly node?: string;
  readonly nodeOptions: readonly string[];
  /** Seconds; absent: Python's own. */
  readonly switchInterval?: number;
  /** Bytes of a Python thread's stack; absent: the system's. */
  readonly stackSize?: number;

  // ---- waiting for a process
  readonly listenBacklog: number;
  readonly connectTimeoutMs: number;
  /** Absent: the server's Timeout. */
  readonly socketTimeoutMs?: number;
  /** 0: off. */
  readonly queueTimeoutMs: number;
  /** Bytes of one response header line. */
  readonly headerBufferSize: number;
  /** How long a client may take nothing of an answer; absent: as socketTimeoutMs. */
  readonly responseSocketTimeoutMs?: number;

  // ---- when a process is replaced or ended; 0: never, unless said otherwise
  readonly requestTimeoutMs: number;
  /** After a request-timeout has interrupted a Python thread; 0: it is not interrupted. */
  readonly interruptTimeoutMs: number;
  readonly startupTimeoutMs: number;
  readonly gracefulTimeoutMs: number;
  /** How long open WebSockets may go on; absent or less than gracefulTimeoutMs: as that. */
  readonly webSocketDrainTimeoutMs?: number;
  /** As gracefulTimeoutMs, after SIGUSR1 to the process itself; 0: the same. */
  readonly evictionTimeoutMs: number;
  readonly shutdownTimeoutMs: number;
  readonly deadlockTimeoutMs: number;
  readonly inactivityTimeoutMs: number;
  readonly restartIntervalMs: number;
  readonly maximumRequests: number;
  /** Up to so many more, chosen at random for each process. */
  readonly maximumRequestsJitter: number;
  /** Resident bytes. */
  readonly memoryRecycle: number;

  // ---- limits of the system for each process; absent: none
  /** -20 (first) to 20 (last). */
  readonly cpuPriority?: number;
  /** Seconds of processor time. */
  readonly cpuTimeLimit?: number;
  /** Bytes of data. */
  readonly memoryLimit?: number;
  /** Bytes of address space. */
  readonly virtualMemoryLimit?: number;
}
