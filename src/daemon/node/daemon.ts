import { createServer, type Server, type Socket } from 'node:net';
import type { CallMessage, IncomingRequest } from '../../wire/index.js';
import { Admission } from './admission.js';
import { Connection, type ConnectionListener } from './connection.js';
import type { DaemonMessage, StartMessage } from './control-channel.js';
import { describeError } from './describe-error.js';
import { ProcessLimits } from './limits.js';
import { Replacement } from './replacement.js';
import { Scripts } from './scripts.js';
import { serveCall } from './serve-call.js';
import { type Host, serveRequest } from './serve-request.js';
import type { Stream } from './stream.js';

const listenFd = 4;

/** So long front ends may take to confirm that they have read DRAIN. */
const confirmMs = 1000;

/** After the last frame, front ends may take so long to read it and to close. */
const closingMs = 2000;

/** After the last request, what the application still has to do (close a database) may take so long. */
const farewellMs = 300;

/** What the daemon needs of the channel to its supervisor. */
export interface SupervisorLink {
  send(message: DaemonMessage): void;
  /** The process may end although the channel is open. */
  unref(): void;
}

/** The daemon process from its first connection to its end. */
export class Daemon implements ConnectionListener {
  readonly #start: StartMessage;
  readonly #supervisor: SupervisorLink;
  readonly #server: Server;
  readonly #connections = new Set<Connection>();
  readonly #admission: Admission;
  readonly #limits: ProcessLimits;
  readonly #host: Host & { arrival: number };
  readonly #kept = new Set<Promise<unknown>>();
  /** Requests and calls that are open, and those that are over. */
  #active = 0;
  #finished = 0;
  #draining = false;
  #ending = false;
  #exiting = false;

  constructor(start: StartMessage, supervisor: SupervisorLink) {
    this.#start = start;
    this.#supervisor = supervisor;
    this.#admission = new Admission(start.threads, start.queueTimeoutMs);
    const replacement = new Replacement((reason, eviction) =>
      supervisor.send({ type: 'reload', reason, ...(eviction ? { eviction } : {}) }),
    );
    const limits = new ProcessLimits(start, (reason) => replacement.wish(reason));
    this.#limits = limits;
    this.#host = {
      scripts: new Scripts({
        loading: () => limits.noteLoading(),
        loaded: (script, applicationGroup) => {
          limits.noteLoaded();
          supervisor.send({ type: 'loaded', script, applicationGroup });
        },
        wornOut: (reason) => replacement.wish(reason),
      }),
      surroundings: { multithread: start.threads !== 1, multiprocess: start.multiprocess },
      arrival: 0,
      replacement,
      keepAlive: (promise) => this.#keep(promise),
    };
    this.#server = createServer((socket) => this.#connect(socket));
  }

  /**
   * Loads what is to be loaded before the first request. What fails is reported and tried again when it is needed;
   * resolves with the script files that failed.
   */
  async preload(): Promise<readonly string[]> {
    const failed: string[] = [];
    for (const { script, applicationGroup } of this.#start.preload) {
      const result = await this.#host.scripts.load(script, applicationGroup);
      if ('failure' in result) {
        const lines = describeError(result.failure.error).join('\n');
        process.stderr.write(`the script file ${script} could not be loaded\n${lines}\n`);
        failed.push(script);
      }
    }
    return failed;
  }

  /** Asks for a successor, for a reason from outside. */
  wish(reason: string, isEviction: boolean): void {
    this.#host.replacement.wish(reason, isEviction);
  }

  /** The successor that this process asked for could not start. */
  keep(): void {
    this.#host.replacement.keep();
  }

  listen(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen({ fd: listenFd }, resolve);
    });
  }

  arrived(): void {
    this.#host.arrival += 1;
  }

  request(stream: Stream, message: IncomingRequest): void {
    this.#count(stream);
    if (this.#admission.enter()) return this.#serve(stream, message);
    const expire = (): void => stream.abort('timeout', 'the request waited longer than queue-timeout');
    stream.onOver(this.#admission.wait(() => this.#serve(stream, message), expire));
  }

  call(stream: Stream, message: CallMessage): void {
    this.#count(stream);
    serveCall(stream, message, this.#host).catch((error: unknown) => {
      process.stderr.write(`a call failed\n${describeError(error).join('\n')}\n`);
      stream.reply({ kind: 'error', sentence: 'the call failed' });
    });
  }

  finished(stream: Stream): void {
    this.#leave(stream);
    if (stream.isCounted) {
      this.#active -= 1;
      this.#finished += 1;
    }
    this.#exitIfIdle();
  }

  /** An open connection does no work most of the time. */
  switched(stream: Stream): void {
    this.#leave(stream);
  }

  closed(connection: Connection): void {
    this.#connections.delete(connection);
  }

  /** Requests and calls that are open, and those that are over. */
  get counts(): { readonly active: number; readonly finished: number } {
    return { active: this.#active, finished: this.#finished };
  }

  /** No new streams; the open ones are finished, then the process exits with 0. `elapsedMs`: for so long they have had time to do so. */
  drain(elapsedMs = 0): void {
    this.#stopAccepting();
    this.#ending = true;
    const limitMs = this.#start.requestDrainTimeoutMs;
    if (limitMs > 0) setTimeout(() => this.#endRequests(), Math.max(0, limitMs - elapsedMs)).unref();
    this.#exitIfIdle();
  }

  /** As {@link drain}, but after the shutdown timeout (0: none) the process exits with 1. */
  terminate(): void {
    const limitMs = this.#start.shutdownTimeoutMs;
    if (limitMs > 0) setTimeout(() => process.exit(1), limitMs).unref();
    this.drain();
  }

  #serve(stream: Stream, message: IncomingRequest): void {
    stream.isInside = true;
    this.#limits.begin(stream);
    serveRequest(stream, message, this.#host);
  }

  #leave(stream: Stream): void {
    if (!stream.isInside) return;
    stream.isInside = false;
    this.#admission.leave();
  }

  #count(stream: Stream): void {
    stream.isCounted = true;
    this.#active += 1;
  }

  #connect(socket: Socket): void {
    const hello = [
      'pid',
      String(process.pid),
      'runtime',
      'node',
      'threads',
      String(this.#start.threads ?? 0),
    ];
    const connection = new Connection(socket, { hello, token: this.#start.token }, this);
    this.#connections.add(connection);
    if (this.#draining) connection.drain();
  }

  #stopAccepting(): void {
    this.#draining = true;
    this.#host.replacement.leave();
    for (const connection of this.#connections) connection.drain();
  }

  /** What is no open connection has had its time. */
  #endRequests(): void {
    for (const stream of [...this.#connections].flatMap(({ streams }) => streams))
      if (!stream.isSwitched) stream.abort('error', 'the request was not finished within graceful-timeout');
  }

  #keep(promise: Promise<unknown>): void {
    this.#kept.add(promise);
    promise.finally(() => {
      this.#kept.delete(promise);
      this.#exitIfIdle();
    });
  }

  #exitIfIdle(): void {
    if (!this.#ending || this.#exiting || this.#active > 0 || this.#kept.size > 0) return;
    this.#exiting = true;
    this.#exit();
  }

  /** Ends by itself when nothing is left to do, so that 'beforeExit' comes; timers of the application do not hold it up. */
  async #exit(): Promise<void> {
    await this.#waitForConfirmations();
    this.#server.close();
    process.exitCode = 0;
    setTimeout(() => process.exit(), closingMs).unref();
    await Promise.all([...this.#connections].map((connection) => connection.close()));
    this.#supervisor.unref();
    setTimeout(() => process.exit(), farewellMs).unref();
  }

  /** Requests that a front end sent before it read DRAIN are answered `retry`, which only an open connection can carry. */
  async #waitForConfirmations(): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const tooLong = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, confirmMs);
    });
    await Promise.race([Promise.all([...this.#connections].map(({ drained }) => drained)), tooLong]);
    clearTimeout(timer);
  }
}
