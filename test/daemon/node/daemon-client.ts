import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import net, { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { Duplex } from 'node:stream';
import { fileURLToPath } from 'node:url';
import {
  type CallFunction,
  type CallInterface,
  decodeAbort,
  decodeCredit,
  decodeHello,
  decodeLog,
  decodeReply,
  decodeResponse,
  encodeAbort,
  encodeCall,
  encodeCredit,
  encodeHello,
  encodeRequest,
  FrameReader,
  FrameType,
  initialWindow,
  type ReplyMessage,
  type ResponseMessage,
} from '../../../src/wire/index.js';
import { encodeFrame, encodeTextFrame } from '../../wire/encode-frame.js';

const dist = process.env.MODHOST_DIST ?? fileURLToPath(new URL('../../../dist', import.meta.url));
const daemonMain = join(dist, 'daemon/node/main.js');

/** What the supervisor tells the daemon and its front ends. */
export const testToken = 'a secret of both';

/** What a front end mostly has of a request body at a time. */
const pieceBytes = 65_536;

/** A temporary folder with script files in it, taken away by `remove`. */
export class Folder {
  readonly path = realpathSync(mkdtempSync(join(tmpdir(), 'modhost-node-')));

  /** Writes a file and returns its path. */
  write(name: string, text: string): string {
    const path = join(this.path, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
    return path;
  }

  remove(): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}

export interface DaemonOptions {
  readonly start?: Record<string, unknown>;
  readonly environment?: Record<string, string>;
  readonly nodeArguments?: readonly string[];
  /** Sent in place of the start message. */
  readonly firstLine?: string;
}

export interface ControlMessage {
  readonly type: string;
  readonly script?: string;
  readonly reason?: string;
  readonly eviction?: boolean;
}

/** A real daemon process, with this test in the supervisor's place. */
export class TestDaemon {
  readonly child: ChildProcess;
  readonly socketPath: string;
  readonly exited: Promise<number | string>;
  readonly #output: string[] = [];
  readonly #control: Duplex;
  readonly #messages: ControlMessage[] = [];
  #onMessage: (() => void) | undefined;
  readonly #folder: string;
  readonly #handle: { readonly fd: number; close(): void };
  readonly #frontEnds: FrontEnd[] = [];
  readonly #outputWaits = new Set<() => void>();

  constructor(options: DaemonOptions = {}) {
    this.#folder = mkdtempSync(join(tmpdir(), 'modhost-socket-'));
    this.socketPath = join(this.#folder, 'daemon.sock');
    this.#handle = bindUnix(this.socketPath);
    this.child = spawn(process.execPath, [...(options.nodeArguments ?? []), daemonMain], {
      stdio: ['ignore', 'pipe', 'pipe', 'pipe', this.#handle.fd],
      env: { PATH: process.env.PATH ?? '', ...options.environment },
    });
    for (const stream of [this.child.stdout, this.child.stderr]) {
      stream?.on('data', (piece: Buffer) => {
        this.#output.push(piece.toString('utf8'));
        for (const wake of this.#outputWaits) wake();
      });
    }
    this.exited = new Promise((resolve) => {
      this.child.once('close', (code, signal) => resolve(code ?? signal ?? 'unknown'));
    });
    this.#control = this.child.stdio[3] as Duplex;
    let rest = '';
    this.#control.on('data', (piece: Buffer) => {
      rest += piece.toString('utf8');
      const lines = rest.split('\n');
      rest = lines.pop() ?? '';
      this.#messages.push(...lines.map((line) => JSON.parse(line) as ControlMessage));
      this.#onMessage?.();
    });
    this.#control.on('error', () => {});
    const start = {
      type: 'start',
      group: 'test',
      token: testToken,
      threads: null,
      multiprocess: false,
      home: null,
      pythonPath: [],
      displayName: null,
      queueTimeoutMs: 0,
      shutdownTimeoutMs: 5000,
      preload: [],
      ...options.start,
    };
    this.say(options.firstLine ?? start);
  }

  static async started(options: DaemonOptions = {}): Promise<TestDaemon> {
    const daemon = new TestDaemon(options);
    await daemon.message('ready');
    return daemon;
  }

  say(message: object | string): void {
    this.#control.write(`${typeof message === 'string' ? message : JSON.stringify(message)}\n`);
  }

  closeControl(): void {
    this.#control.destroy();
  }

  /** The next control message, which must be of that type; what scripts were loaded is passed over. */
  async message(type: string): Promise<ControlMessage> {
    const ended = this.exited.then((code) => {
      throw new Error(`the daemon ended with ${code} in place of saying ${type}:\n${this.output}`);
    });
    ended.catch(() => {});
    while (this.#messages.length === 0) {
      await Promise.race([
        new Promise<void>((resolve) => {
          this.#onMessage = resolve;
        }),
        ended,
      ]);
    }
    const message = this.#messages.shift() as ControlMessage;
    if (message.type === 'loaded' && type !== 'loaded') return this.message(type);
    if (message.type !== type) throw new Error(`${JSON.stringify(message)} in place of ${type}`);
    return message;
  }

  /** What fd 1 and 2 gave so far. */
  get output(): string {
    return this.#output.join('');
  }

  /** Waits until fd 1 and 2 gave that text. Looks at each piece once: there may be many megabytes. */
  async printed(text: string): Promise<void> {
    let seen = this.#output.length;
    let rest = this.output;
    while (!rest.includes(text)) {
      await new Promise<void>((resolve) => {
        this.#outputWaits.add(resolve);
      });
      rest = rest.slice(Math.max(0, rest.length - text.length)) + this.#output.slice(seen).join('');
      seen = this.#output.length;
    }
  }

  async connect(): Promise<FrontEnd> {
    const frontEnd = new FrontEnd(this.socketPath);
    this.#frontEnds.push(frontEnd);
    await frontEnd.ready;
    return frontEnd;
  }

  async stop(): Promise<void> {
    for (const frontEnd of this.#frontEnds) frontEnd.close();
    if (this.child.exitCode === null && this.child.signalCode === null) this.child.kill('SIGKILL');
    await this.exited;
    this.#handle.close();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

export interface RequestOptions {
  readonly method?: string;
  readonly url?: string;
  readonly environ?: Record<string, string>;
  readonly headers?: readonly string[];
  readonly body?: string | Buffer;
  /** The body is sent by the test itself. */
  readonly openBody?: boolean;
  readonly applicationGroup?: string;
  readonly callableName?: string;
  readonly callInterface?: CallInterface;
  readonly checkScript?: boolean;
  /** Credit is given by the test itself. */
  readonly holdCredit?: boolean;
}

/** A front end's end of a connection. */
export class FrontEnd {
  readonly socket: Socket;
  readonly ready: Promise<ReadonlyMap<string, string>>;
  readonly closed: Promise<void>;
  readonly drained: Promise<void>;
  /** Off: the test answers PING itself, with `pong`. */
  answersPings = true;
  readonly #exchanges = new Map<number, Exchange>();
  readonly #pongs: ((payload: Buffer) => void)[] = [];
  #nextId = 1;

  constructor(path: string) {
    this.socket = connect(path);
    this.socket.on('error', () => {});
    this.socket.write(
      encodeTextFrame(FrameType.hello, 0, encodeHello(['pid', String(process.pid), 'token', testToken])),
    );
    let greet: (fields: ReadonlyMap<string, string>) => void = () => {};
    let drain: () => void = () => {};
    this.ready = new Promise((resolve) => {
      greet = resolve;
    });
    this.drained = new Promise((resolve) => {
      drain = resolve;
    });
    const reader = new FrameReader((type, id, payload) => {
      if (type === FrameType.hello) greet(decodeHello(payload));
      else if (type === FrameType.drain) drain();
      else if (type === FrameType.ping && this.answersPings) this.pong(payload.toString('latin1'));
      else if (type === FrameType.pong) this.#pongs.shift()?.(Buffer.from(payload));
      else this.#exchanges.get(id)?.receive(type, payload);
    });
    this.socket.on('data', (piece) => reader.push(piece));
    this.closed = new Promise((resolve) => {
      this.socket.once('close', () => {
        for (const exchange of this.#exchanges.values()) exchange.lose();
        resolve();
      });
    });
  }

  request(script: string, options: RequestOptions = {}): Exchange {
    const method = options.method ?? 'GET';
    const url = options.url ?? '/';
    const [path = '', query = ''] = url.split('?');
    const environ: Record<string, string> = {
      REQUEST_METHOD: method,
      REQUEST_URI: url,
      SCRIPT_NAME: '',
      PATH_INFO: decodeURIComponent(path),
      QUERY_STRING: query,
      SERVER_PROTOCOL: 'HTTP/1.1',
      SERVER_NAME: 'example.org',
      SERVER_PORT: '8080',
      SERVER_ADDR: '127.0.0.2',
      REMOTE_ADDR: '127.0.0.1',
      REMOTE_PORT: '54321',
      'modhost.url': url,
      ...options.environ,
    };
    const payload = encodeRequest({
      scriptFile: Buffer.from(script).toString('latin1'),
      applicationGroup: options.applicationGroup ?? '',
      callableName: options.callableName ?? 'application',
      callInterface: options.callInterface ?? 'auto',
      hasBody: options.body !== undefined || options.openBody === true,
      checkScript: options.checkScript ?? false,
      environ: Object.entries(environ).flat(),
      headers: options.headers ?? ['Host', 'example.org:8080'],
    });
    const exchange = this.#open(FrameType.request, payload, options.holdCredit === true);
    if (options.body !== undefined) void exchange.sendAll(Buffer.from(options.body));
    return exchange;
  }

  call(
    functionName: CallFunction,
    scriptFile: string,
    parameters: readonly string[],
    options: { readonly checkScript?: boolean; readonly applicationGroup?: string } = {},
  ): Exchange {
    const payload = encodeCall({
      functionName,
      scriptFile,
      applicationGroup: options.applicationGroup ?? '',
      checkScript: options.checkScript ?? false,
      arguments: parameters,
      environ: ['REQUEST_METHOD', 'GET', 'REMOTE_ADDR', '127.0.0.1'],
    });
    return this.#open(FrameType.call, payload, false);
  }

  ping(text: string): Promise<string> {
    this.socket.write(encodeTextFrame(FrameType.ping, 0, text));
    return new Promise((resolve) => {
      this.#pongs.push((payload) => resolve(payload.toString('latin1')));
    });
  }

  pong(text: string): void {
    this.socket.write(encodeTextFrame(FrameType.pong, 0, text));
  }

  close(): void {
    this.socket.destroy();
  }

  #open(type: FrameType, payload: string, holdCredit: boolean): Exchange {
    const id = this.#nextId;
    this.#nextId += 1;
    const exchange = new Exchange(this.socket, id, holdCredit);
    this.#exchanges.set(id, exchange);
    if (this.socket.destroyed) exchange.lose();
    this.socket.write(encodeTextFrame(type, id, payload));
    return exchange;
  }
}

export type Ending =
  | { readonly kind: 'end' | 'lost' }
  | { readonly kind: 'abort'; readonly code: string; readonly sentence: string }
  | { readonly kind: 'reply'; readonly reply: ReplyMessage };

/** One stream, seen from the front end. */
export class Exchange {
  readonly id: number;
  readonly over: Promise<Ending>;
  readonly response: Promise<ResponseMessage>;
  readonly logs: string[] = [];
  readonly pieces: Buffer[] = [];
  receivedBytes = 0;
  grantedBytes = 0;
  /** Keep the pieces of the body; off for large ones. */
  keepBody = true;
  readonly #socket: Socket;
  readonly #holdCredit: boolean;
  #uncredited = 0;
  #credit = initialWindow;
  #end: (ending: Ending) => void = () => {};
  #respond: (response: ResponseMessage) => void = () => {};
  readonly #waits = new Set<() => void>();

  constructor(socket: Socket, id: number, holdCredit: boolean) {
    this.id = id;
    this.#socket = socket;
    this.#holdCredit = holdCredit;
    this.over = new Promise((resolve) => {
      this.#end = resolve;
    });
    this.response = new Promise((resolve) => {
      this.#respond = resolve;
    });
  }

  get text(): string {
    return Buffer.concat(this.pieces).toString('utf8');
  }

  /** Status and body text of an answer that must be complete. */
  async answer(): Promise<{ status: number; text: string; headers: Record<string, string> }> {
    const ending = await this.over;
    if (ending.kind !== 'end')
      throw new Error(`${JSON.stringify(ending)} in place of an answer:\n${this.logs.join('\n')}`);
    const response = await this.response;
    const headers: Record<string, string> = {};
    for (let at = 0; at + 1 < response.headers.length; at += 2)
      headers[String(response.headers[at]).toLowerCase()] = String(response.headers[at + 1]);
    return { status: response.status, text: this.text, headers };
  }

  async reply(): Promise<ReplyMessage> {
    const ending = await this.over;
    if (ending.kind !== 'reply') throw new Error(`${JSON.stringify(ending)} in place of a reply`);
    return ending.reply;
  }

  /** The code of the ABORT that must come. */
  async aborted(): Promise<string> {
    const ending = await this.over;
    if (ending.kind !== 'abort') throw new Error(`${ending.kind} in place of an abort`);
    return ending.code;
  }

  /** Resolves when `condition` holds; looked at after each frame. */
  async until(condition: () => boolean): Promise<void> {
    while (!condition()) await this.#nextFrame();
  }

  /** Sends body bytes within the credit, without END. */
  async send(bytes: Buffer): Promise<void> {
    let at = 0;
    while (at < bytes.length) {
      while (this.#credit === 0) await this.#nextFrame();
      const piece = bytes.subarray(at, at + Math.min(this.#credit, pieceBytes));
      this.#credit -= piece.length;
      at += piece.length;
      this.frame(FrameType.body, piece);
    }
  }

  async sendAll(bytes: Buffer): Promise<void> {
    await this.send(bytes);
    this.frame(FrameType.end);
  }

  grant(bytes: number): void {
    this.frame(FrameType.credit, encodeCredit(bytes));
  }

  abort(code = 'gone'): void {
    this.#socket.write(encodeTextFrame(FrameType.abort, this.id, encodeAbort(code, 'the client left')));
  }

  frame(type: FrameType, payload?: Buffer): void {
    this.#socket.write(encodeFrame(type, this.id, payload));
  }

  receive(type: FrameType, payload: Buffer): void {
    switch (type) {
      case FrameType.response:
        this.#respond(decodeResponse(payload));
        break;
      case FrameType.body:
        this.receivedBytes += payload.length;
        if (this.keepBody) this.pieces.push(Buffer.from(payload));
        if (!this.#holdCredit) this.#creditStep(payload.length);
        break;
      case FrameType.credit:
        this.grantedBytes += decodeCredit(payload);
        this.#credit += decodeCredit(payload);
        break;
      case FrameType.log:
        this.logs.push(decodeLog(payload).line.toString('utf8'));
        break;
      case FrameType.end:
        this.#end({ kind: 'end' });
        break;
      case FrameType.abort:
        this.#end({ kind: 'abort', ...decodeAbort(payload) });
        break;
      case FrameType.reply:
        this.#end({ kind: 'reply', reply: decodeReply(payload) });
        break;
    }
    this.#wake();
  }

  lose(): void {
    this.#end({ kind: 'lost' });
    this.#wake();
  }

  #creditStep(bytes: number): void {
    this.#uncredited += bytes;
    if (this.#uncredited < initialWindow / 4) return;
    this.grant(this.#uncredited);
    this.#uncredited = 0;
  }

  #nextFrame(): Promise<void> {
    return new Promise((resolve) => {
      this.#waits.add(resolve);
    });
  }

  #wake(): void {
    const waits = [...this.#waits];
    this.#waits.clear();
    for (const wake of waits) wake();
  }
}

interface BoundHandle {
  readonly fd: number;
  close(): void;
}

/** Bound and not accepting here, as the supervisor does it. */
function bindUnix(path: string): BoundHandle {
  type Create = (path: string, port: number, type: number, fd: number, flags: number) => BoundHandle | number;
  const handle = (net as unknown as { _createServerHandle: Create })._createServerHandle(path, -1, -1, -1, 0);
  if (typeof handle === 'number') throw new Error(`cannot bind ${path}: ${handle}`);
  return handle;
}
