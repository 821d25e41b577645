import { readFileSync } from 'node:fs';
import type { ControlAction } from './command.js';
import { isSupervisor } from './is-supervisor.js';

/** What became of a -k action. `message` is for standard output, or standard error if `exitCode` is 1. */
export type ControlOutcome =
  | { readonly kind: 'done'; readonly exitCode: 0 | 1; readonly message?: string }
  /** restart and graceful start a server that is not there: the caller goes on to do so. */
  | { readonly kind: 'start'; readonly message?: string };

/** Who runs, according to a pid file. */
export type RunningServer =
  | { readonly kind: 'running'; readonly pid: number }
  /** No pid file, or one that a server left behind. */
  | { readonly kind: 'not-running'; readonly stalePid?: number }
  /** The file cannot be read or holds no process id. */
  | { readonly kind: 'unknown'; readonly message: string };

/** Carries out -k start|stop|restart|graceful|graceful-stop on the server of that pid file, as httpd does. */
export function signalServer(pidFile: string, action: ControlAction | 'start'): ControlOutcome {
  const server = findRunningServer(pidFile);
  if (server.kind === 'unknown') return { kind: 'done', exitCode: 1, message: `modhost: ${server.message}` };
  if (action === 'start') {
    return server.kind === 'running'
      ? { kind: 'done', exitCode: 0, message: `modhost (pid ${server.pid}) already running` }
      : { kind: 'start' };
  }
  if (server.kind === 'running') return sendSignal(server.pid, action);
  if (action === 'restart' || action === 'graceful')
    return { kind: 'start', message: 'modhost not running, trying to start' };
  const who = server.stalePid === undefined ? 'no pid file' : `pid ${server.stalePid}?`;
  return { kind: 'done', exitCode: 0, message: `modhost (${who}) not running` };
}

/** Reads the pid file and makes sure that the process is there and is a supervisor. */
export function findRunningServer(pidFile: string): RunningServer {
  let text: string;
  try {
    text = readFileSync(pidFile, 'latin1');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return { kind: 'not-running' };
    return { kind: 'unknown', message: `cannot read the pid file ${pidFile} (${code})` };
  }
  const pid = /^\s*([1-9]\d{0,9})\s*$/.exec(text)?.[1];
  // Anything else must never reach kill(): 0 and negative numbers are whole groups of processes.
  if (pid === undefined)
    return { kind: 'unknown', message: `${pidFile} holds no process id; remove it if no server is running` };
  return isRunningSupervisor(Number(pid))
    ? { kind: 'running', pid: Number(pid) }
    : { kind: 'not-running', stalePid: Number(pid) };
}

const signals: Readonly<Record<ControlAction, NodeJS.Signals>> = {
  stop: 'SIGTERM',
  restart: 'SIGHUP',
  graceful: 'SIGUSR1',
  'graceful-stop': 'SIGWINCH',
};

function sendSignal(pid: number, action: ControlAction): ControlOutcome {
  try {
    process.kill(pid, signals[action]);
    return { kind: 'done', exitCode: 0 };
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    return { kind: 'done', exitCode: 1, message: `modhost: cannot signal process ${pid} (${code})` };
  }
}

function isRunningSupervisor(pid: number): boolean {
  // In a container the server is process 1 at every start, and so was the one that left the file behind.
  if (pid === process.pid) return false;
  try {
    process.kill(pid, 0);
  } catch (error) {
    // EPERM: it is there, and somebody else's.
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') return false;
  }
  return isSupervisor(pid);
}
