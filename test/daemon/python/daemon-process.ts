/** A Python daemon process as the supervisor starts it, and front ends that talk to it, for tests. */

import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Duplex } from 'node:stream';
import { fileURLToPath } from 'node:url';
import {
  type AbortMessage,
  type CallMessage,
  decodeAbort,
  decodeCredit,
  decodeHello,
  decodeLog,
  decodeReply,
  decodeResponse,
  encodeCall,
  encodeCredit,
  encodeHello,
  encodeRequest,
  FrameReader,
  FrameType,
  maxBodyBytes,
  type ReplyMessage,
  type RequestMessage,
  type ResponseMessage,
  SentAhead,
} from '../../../src/wire/index.js';
import { encodeFrame, encodeTextFrame } from '../../wire/encode-frame.js';

const here = fileURLToPath(new URL('.', import.meta.url));
const entry = join(here, '../../../src/daemon/python/modhost_daemon/__main__.py');

/** A script file in `apps/`. */
/** What the supervisor tells daemon processes and front ends. */
export const token = 'the token of these tests';

export function app(name: string): string {
  return join(here, 'apps', name);
}

/** Waits for a condition that events bring about; `what` names it when it does not come. */
export class Signal {
  #waiting: (() => void)[] = [];

  notify(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const wake of waiting) wake();
  }

  async until(condition: () => boolean, what: string, limitMs = 10_000): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const limit = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new Error(`did not happen: ${what}`)), limitMs);
    });
    try {
      while (!condition()) {
        await Promise.race([new Promise<void>((resolve) => this.#waiting.push(resolve)), limit]);
      }
    } finally {
      clearTimeout(timer);
    }
  }
}

export interface StartOptions {
  readonly threads?: number | null;
  readonly [member: string]: unknown;
}

const running = new Set<DaemonProcess>();

/** For `afterEach`: ends what a failed test left behind. */
export async function endAll(): Promise<void> {
  await Promise.all([...running].map((daemon) => daemon.kill()));
}

export class DaemonProcess {
  readonly changed = new Signal();
  readonly controlMessages: Record<string, unknown>[] = [];
  stdout = '';
  stderr = '';
  exitCode: number | string | undefined;
  readonly #folder: string;
  readonly #child: ChildProcess;
  readonly #frontEnds: FrontEnd[] = [];
  #controlRest = '';

  private constructor(folder: string) {
    this.#folder = folder;
    this.#child = spawn('python3', [join(here, 'launch.py'), this.socketPath, entry], {
      stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
      env: { ...process.env, PYTHONDONTWRITEBYTECODE: '1' },
    });
    this.#child.stdout?.on('data', (piece: Buffer) => {
      this.stdout += piece.toString();
      this.changed.notify();
    });
    this.#child.stderr?.on('data', (piece: Buffer) => {
      this.stderr += piece.toString();
      this.changed.notify();
    });
    this.control.on('data', (piece: Buffer) => this.#readControl(piece.toString()));
    this.control.on('error', () => {});
    this.#child.on('close', (code, signal) => {
      this.exitCode = code ?? signal ?? undefined;
      running.delete(this);
      this.changed.notify();
      void rm(this.#folder, { recursive: true, force: true });
    });
    running.add(this);
  }

  /** Not started: no start message yet. */
  static async spawn(): Promise<DaemonProcess> {
    return new DaemonProcess(await mkdtemp(join(tmpdir(), 'modhost-python-')));
  }

  /** Started and ready. */
  static async start(options: StartOptions = {}): Promise<DaemonProcess> {
    const daemon = await DaemonProcess.spawn();
    daemon.sendStart(options);
    await daemon.changed.until(
      () => daemon.controlMessages.some(({ type }) => type === 'ready') || daemon.exitCode !== undefined,
      'ready',
    );
    return daemon;
  }

  get pid(): number {
    return this.#child.pid ?? -1;
  }

  get socketPath(): string {
    return join(this.#folder, 'socket');
  }

  get folder(): string {
    return this.#folder;
  }

  get control(): Duplex {
    return this.#child.stdio[3] as Duplex;
  }

  /** Resident memory in bytes. */
  get residentBytes(): number {
    const status = readFileSync(`/proc/${this.pid}/status`, 'latin1');
    return Number(/^VmRSS:\s+(\d+)/m.exec(status)?.[1]) * 1024;
  }

  /** It has a handler for that signal by now. */
  catches(signal: number): boolean {
    const status = readFileSync(`/proc/${this.pid}/status`, 'latin1');
    const caught = BigInt(`0x${/^SigCgt:\s+([0-9a-f]+)/m.exec(status)?.[1] ?? '0'}`);
    return ((caught >> BigInt(signal - 1)) & 1n) === 1n;
  }

  get peakBytes(): number {
    const status = readFileSync(`/proc/${this.pid}/status`, 'latin1');
    return Number(/^VmHWM:\s+(\d+)/m.exec(status)?.[1]) * 1024;
  }

  sendStart(options: StartOptions): void {
    this.sendControl({
      type: 'start',
      token,
      group: 'group',
      threads: 4,
      multiprocess: false,
      home: null,
      pythonPath: [],
      displayName: null,
      queueTimeoutMs: 0,
      shutdownTimeoutMs: 5000,
      preload: [],
      ...options,
    });
  }

  sendControl(message: unknown): void {
    this.control.write(`${JSON.stringify(message)}\n`);
  }

  signal(name: NodeJS.Signals): void {
    this.#child.kill(name);
  }

  async exit(): Promise<number | string> {
    await this.changed.until(() => this.exitCode !== undefined, 'exit');
    return this.exitCode as number | string;
  }

  /** The ordinary end; fails if it is not one. */
  async drain(): Promise<void> {
    this.sendControl({ type: 'drain' });
    const code = await this.exit();
    if (code !== 0) throw new Error(`exit code ${code}: ${this.stderr}`);
  }

  async kill(): Promise<void> {
    if (this.exitCode === undefined) this.#child.kill('SIGKILL');
    await this.exit();
    for (const frontEnd of this.#frontEnds) frontEnd.leave();
  }

  async connect({ isAlone = true } = {}): Promise<FrontEnd> {
    const frontEnd = await FrontEnd.connect(this.socketPath, isAlone);
    this.#frontEnds.push(frontEnd);
    return frontEnd;
  }

  #readControl(text: string): void {
    const lines = (this.#controlRest + text).split('\n');
    this.#controlRest = lines.pop() ?? '';
    for (const line of lines) this.controlMessages.push(JSON.parse(line));
    this.changed.notify();
  }
}

export interface RequestOptions {
  readonly script: string;
  readonly method?: string;
  readonly path?: string;
  readonly query?: string;
  readonly environ?: Record<string, string>;
  readonly body?: Buffer | string;
  /** Open the stream with the flag for a body, but send nothing yet. */
  readonly bodyFollows?: boolean;
  readonly message?: Partial<RequestMessage>;
  /** Give credit only when asked to. */
  readonly holdCredit?: boolean;
  /** Count the body instead of keeping it. */
  readonly countOnly?: boolean;
}

/** What came back on one stream. */
export class Exchange {
  readonly changed = new Signal();
  readonly logs: { level: string; line: string }[] = [];
  readonly pieces: Buffer[] = [];
  bodyBytes = 0;
  response: ResponseMessage | undefined;
  abort: AbortMessage | undefined;
  reply: ReplyMessage | undefined;
  ended = false;
  isLost = false;
  /** As a front end knows it, and whether there was a frame that said so. */
  isAccepted = false;
  isToldAccepted = false;
  /** BODY bytes that the daemon lets us send. */
  credit = 262_144;
  creditFrames = 0;
  /** The whole request body found credit. */
  isUploaded = false;
  readonly stream: number;
  readonly #frontEnd: FrontEnd;
  readonly #options: Partial<RequestOptions>;

  constructor(
    frontEnd: FrontEnd,
    stream: number,
    options: Partial<RequestOptions>,
    readonly isAhead: boolean,
  ) {
    this.#frontEnd = frontEnd;
    this.stream = stream;
    this.#options = options;
  }

  get isOver(): boolean {
    return this.ended || this.abort !== undefined || this.reply !== undefined || this.isLost;
  }

  get body(): string {
    return Buffer.concat(this.pieces).toString('latin1');
  }

  /** The log, one line each. */
  get logText(): string {
    return this.logs.map(({ line }) => line).join('\n');
  }

  header(name: string): string | undefined {
    const headers = this.response?.headers ?? [];
    const at = headers.findIndex(
      (text, index) => index % 2 === 0 && text.toLowerCase() === name.toLowerCase(),
    );
    return at === -1 ? undefined : headers[at + 1];
  }

  async done(limitMs?: number): Promise<this> {
    await this.changed.until(() => this.isOver, `the end of stream ${this.stream}`, limitMs);
    return this;
  }

  async responded(): Promise<this> {
    await this.changed.until(
      () => this.response !== undefined || this.isOver,
      `a response on ${this.stream}`,
    );
    return this;
  }

  async received(count: number): Promise<this> {
    await this.changed.until(
      () => this.bodyBytes >= count || this.isOver,
      `${count} bytes on ${this.stream}`,
    );
    return this;
  }

  async logged(pattern: RegExp): Promise<this> {
    await this.changed.until(() => pattern.test(this.logText), `the log line ${pattern}`);
    return this;
  }

  /** Sends a request body as far as the credit lets it, then END. */
  async upload(body: Buffer): Promise<void> {
    for (let at = 0; at < body.length; ) {
      await this.changed.until(() => this.credit > 0 || this.abort !== undefined || this.isLost, 'credit');
      if (this.abort !== undefined || this.isLost) return;
      const end = Math.min(at + maxBodyBytes, at + this.credit, body.length);
      this.sendBody(body.subarray(at, end));
      await this.#frontEnd.flushed();
      at = end;
    }
    this.sendEnd();
    this.isUploaded = true;
    this.changed.notify();
  }

  sendBody(piece: Buffer | string): void {
    const bytes = typeof piece === 'string' ? Buffer.from(piece) : piece;
    this.credit -= bytes.length;
    this.#frontEnd.send(encodeFrame(FrameType.body, this.stream, bytes));
  }

  sendEnd(): void {
    this.#frontEnd.send(encodeFrame(FrameType.end, this.stream));
  }

  sendAbort(code: string): void {
    this.#frontEnd.close(this.stream);
    this.#frontEnd.send(encodeTextFrame(FrameType.abort, this.stream, `${code}\0told by the test`));
  }

  sendCredit(bytes: number): void {
    this.#frontEnd.send(encodeFrame(FrameType.credit, this.stream, encodeCredit(bytes)));
  }

  take(type: FrameType, payload: Buffer): void {
    switch (type) {
      case FrameType.response:
        this.response = decodeResponse(payload);
        break;
      case FrameType.body:
        this.bodyBytes += payload.length;
        if (!this.#options.countOnly) this.pieces.push(Buffer.from(payload));
        if (!this.#options.holdCredit) this.sendCredit(payload.length);
        break;
      case FrameType.end:
        this.ended = true;
        break;
      case FrameType.abort:
        this.abort = decodeAbort(payload);
        break;
      case FrameType.accepted:
        this.isToldAccepted = true;
        break;
      case FrameType.reply:
        this.reply = decodeReply(payload);
        break;
      case FrameType.credit:
        this.credit += decodeCredit(payload);
        this.creditFrames += 1;
        break;
      case FrameType.log: {
        const { level, line } = decodeLog(payload);
        this.logs.push({ level, line: line.toString() });
        break;
      }
      default:
        throw new Error(`frame type ${type} on stream ${this.stream}`);
    }
    this.changed.notify();
  }
}

export class FrontEnd {
  readonly changed = new Signal();
  readonly pongs: Buffer[] = [];
  readonly pings: Buffer[] = [];
  readonly looseLogs: string[] = [];
  hello: ReadonlyMap<string, string> | undefined;
  drains = 0;
  isClosed = false;
  /** Answer the daemon's PINGs, as a front end does. */
  answersPings = true;
  readonly #socket: Socket;
  readonly #exchanges = new Map<number, Exchange>();
  readonly #openStreams = new Set<number>();
  readonly #sentAhead: SentAhead;
  #lastStream = 0;

  private constructor(socket: Socket, isAlone: boolean) {
    this.#socket = socket;
    this.#sentAhead = new SentAhead(isAlone, (stream) => {
      const exchange = this.#exchanges.get(stream);
      if (exchange !== undefined) exchange.isAccepted = exchange.isAhead;
    });
    const reader = new FrameReader((type, stream, payload) => this.#take(type, stream, payload));
    socket.on('data', (piece: Buffer) => reader.push(piece));
    socket.on('error', () => {});
    socket.on('close', () => {
      this.isClosed = true;
      for (const exchange of this.#exchanges.values()) {
        exchange.isLost = true;
        exchange.changed.notify();
      }
      this.changed.notify();
    });
  }

  /** Connected, and HELLO was exchanged. */
  static async connect(path: string, isAlone: boolean): Promise<FrontEnd> {
    const frontEnd = await FrontEnd.connectSilently(path, isAlone);
    const alone = isAlone ? ['alone', '1'] : [];
    frontEnd.send(encodeTextFrame(FrameType.hello, 0, encodeHello(['token', token, ...alone])));
    await frontEnd.changed.until(() => frontEnd.hello !== undefined, 'HELLO of the daemon');
    return frontEnd;
  }

  static async connectSilently(path: string, isAlone = false): Promise<FrontEnd> {
    const socket = connect(path);
    await new Promise<void>((resolve, reject) => {
      socket.once('connect', resolve);
      socket.once('error', reject);
    });
    return new FrontEnd(socket, isAlone);
  }

  send(bytes: Buffer): void {
    if (!this.#socket.destroyed) this.#socket.write(bytes);
  }

  async flushed(): Promise<void> {
    if (this.#socket.writableLength > 1 << 20 && !this.isClosed)
      await new Promise<void>((resolve) => this.#socket.once('drain', resolve));
  }

  leave(): void {
    this.#socket.destroy();
  }

  /** Stop reading, as a front end should not. */
  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  request(options: RequestOptions): Exchange {
    const { body, environ = {} } = options;
    const hasBody = body !== undefined || options.bodyFollows === true;
    const bytes = body === undefined ? undefined : Buffer.from(body);
    const pairs: Record<string, string> = {
      REQUEST_METHOD: options.method ?? (hasBody ? 'POST' : 'GET'),
      SCRIPT_NAME: '',
      PATH_INFO: options.path ?? '/',
      QUERY_STRING: options.query ?? '',
      SERVER_NAME: 'localhost',
      SERVER_PORT: '80',
      SERVER_PROTOCOL: 'HTTP/1.1',
      SCRIPT_FILENAME: options.script,
      ...(bytes === undefined ? {} : { CONTENT_LENGTH: String(bytes.length) }),
      ...environ,
    };
    const exchange = this.#open(options, options.message?.isAhead);
    const message: RequestMessage = {
      scriptFile: options.script,
      applicationGroup: '',
      callableName: 'application',
      callInterface: 'auto',
      hasBody,
      checkScript: false,
      environ: Object.entries(pairs).flat(),
      headers: [],
      ...options.message,
    };
    this.send(encodeTextFrame(FrameType.request, exchange.stream, encodeRequest(message)));
    if (bytes !== undefined) void exchange.upload(bytes);
    return exchange;
  }

  /** Sends a request and waits for its end. */
  async get(script: string, options: Partial<RequestOptions> = {}): Promise<Exchange> {
    return this.request({ script, ...options }).done();
  }

  async call(script: string, call: Partial<CallMessage> = {}): Promise<Exchange> {
    const exchange = this.#open({}, call.isAhead);
    const message: CallMessage = {
      functionName: 'check_password',
      scriptFile: script,
      applicationGroup: '',
      checkScript: false,
      arguments: ['user', 'secret'],
      environ: ['REMOTE_ADDR', '127.0.0.1'],
      ...call,
    };
    this.send(encodeTextFrame(FrameType.call, exchange.stream, encodeCall(message)));
    return exchange.done();
  }

  /** Everything sent so far has been read by the daemon. */
  async confirm(): Promise<void> {
    const seen = this.pongs.length;
    this.send(encodeFrame(FrameType.ping, 0, Buffer.from('test')));
    await this.changed.until(() => this.pongs.length > seen || this.isClosed, 'PONG');
  }

  async closed(): Promise<void> {
    await this.changed.until(() => this.isClosed, 'the end of the connection');
  }

  async drained(): Promise<void> {
    await this.changed.until(() => this.drains > 0, 'DRAIN');
  }

  /** The stream is over, for us at least. */
  close(stream: number): void {
    if (this.#openStreams.delete(stream)) this.#sentAhead.close(stream);
  }

  #open(options: Partial<RequestOptions>, isAhead = false): Exchange {
    this.#lastStream += 1;
    const exchange = new Exchange(this, this.#lastStream, options, isAhead);
    this.#exchanges.set(exchange.stream, exchange);
    this.#openStreams.add(exchange.stream);
    this.#sentAhead.open(exchange.stream, isAhead);
    return exchange;
  }

  #take(type: FrameType, stream: number, payload: Buffer): void {
    if (stream !== 0) {
      const exchange = this.#exchanges.get(stream);
      exchange?.take(type, payload);
      if (type === FrameType.accepted) this.#sentAhead.accept(stream);
      else if (exchange?.isOver) this.close(stream);
      return;
    }
    switch (type) {
      case FrameType.hello:
        this.hello = decodeHello(payload);
        break;
      case FrameType.pong:
        this.pongs.push(Buffer.from(payload));
        break;
      case FrameType.ping:
        this.pings.push(Buffer.from(payload));
        if (this.answersPings) this.send(encodeFrame(FrameType.pong, 0, payload));
        break;
      case FrameType.drain:
        this.drains += 1;
        break;
      case FrameType.log:
        this.looseLogs.push(decodeLog(payload).line.toString());
        break;
      default:
        throw new Error(`frame type ${type} on stream 0`);
    }
    this.changed.notify();
  }
}
