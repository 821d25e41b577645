import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

export interface LoadOptions {
  readonly port: number;
  readonly connections: number;
  /** Each connection asks for these in turn. */
  readonly paths: readonly string[];
  /** Longest pause of a connection between an answer and its next request: so some are idle at any moment. */
  readonly pauseMs: number;
  /** A client leaves after so many answers and comes back on a new connection; absent: never of its own accord. */
  readonly answersPerConnection?: number;
}

/** A request that was not answered with 200 and a whole body. */
export interface LoadFailure {
  /** `status 502`, `refused`, `reset`, `closed unanswered`, `cut`, … */
  readonly what: string;
  readonly path: string;
  /** Milliseconds since the load began. */
  readonly at: number;
  /** The body of an answer that was not 200, as far as it came. */
  readonly body: string;
}

export interface Load {
  readonly answered: number;
  readonly failures: readonly LoadFailure[];
  /** How often each body was answered. */
  readonly bodies: ReadonlyMap<string, number>;
  /** In milliseconds. */
  readonly slowest: number;
  /** Resolves when that many more requests have been answered. */
  answeredMore(count: number): Promise<void>;
  /** Every request under way is waited for. */
  stop(): Promise<void>;
}

/**
 * Asks and asks on keep-alive connections and counts everything that a user would notice. A connection that the server closes
 * before the next request was begun is no failure; one that it closes behind a request, however it does so, is.
 */
export function startLoad(options: LoadOptions): Load {
  const load = new RunningLoad(options);
  for (let count = 0; count < options.connections; count += 1) load.add(count);
  return load;
}

/** Counted by what happened, for a test's message. */
export function countFailures(failures: readonly LoadFailure[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { what, path } of failures) {
    const key = `${what} ${path}`;
    counts[key] = (counts[key] ?? 0) + 1;
  }
  return counts;
}

/** Longest wait for one answer. */
const patienceMs = 20_000;

type Answer =
  | { readonly status: number; readonly body: string; readonly isLast: boolean }
  | { readonly problem: string };

class RunningLoad implements Load {
  answered = 0;
  slowest = 0;
  readonly failures: LoadFailure[] = [];
  readonly bodies = new Map<string, number>();
  readonly #options: LoadOptions;
  readonly #startedAt = Date.now();
  readonly #clients: Promise<void>[] = [];
  #isOver = false;

  constructor(options: LoadOptions) {
    this.#options = options;
  }

  add(index: number): void {
    this.#clients.push(this.#ask(index));
  }

  async answeredMore(count: number): Promise<void> {
    const goal = this.answered + count;
    while (this.answered < goal) await sleep(5);
  }

  async stop(): Promise<void> {
    this.#isOver = true;
    await Promise.all(this.#clients);
  }

  async #ask(index: number): Promise<void> {
    const { paths, pauseMs, port, answersPerConnection = Number.POSITIVE_INFINITY } = this.#options;
    let client: Client | undefined;
    let asked = 0;
    for (let turn = index; !this.#isOver; turn += 1) {
      const path = paths[turn % paths.length] ?? '/';
      if (client?.isOpen !== true) {
        client = new Client(port);
        asked = 0;
      }
      asked += 1;
      const askedAt = Date.now();
      const answer = await client.ask(path);
      this.slowest = Math.max(this.slowest, Date.now() - askedAt);
      if ('problem' in answer || answer.status !== 200) this.#fail(path, answer);
      else {
        this.answered += 1;
        this.bodies.set(answer.body, (this.bodies.get(answer.body) ?? 0) + 1);
      }
      if ('problem' in answer || answer.isLast || asked >= answersPerConnection) {
        client.close();
        client = undefined;
      }
      if (pauseMs > 0) await sleep(Math.random() * pauseMs);
    }
    client?.close();
  }

  #fail(path: string, answer: Answer): void {
    const at = Date.now() - this.#startedAt;
    if ('problem' in answer) this.failures.push({ what: answer.problem, path, at, body: '' });
    else this.failures.push({ what: `status ${answer.status}`, path, at, body: answer.body });
  }
}

/** One connection. */
class Client {
  isOpen = true;
  readonly #socket: Socket;
  #received = '';
  #settle: ((answer: Answer) => void) | undefined;

  constructor(port: number) {
    this.#socket = connect({ port, host: '127.0.0.1', noDelay: true });
    this.#socket.setEncoding('latin1');
    this.#socket.on('data', (text: string) => {
      this.#received += text;
      this.#read();
    });
    this.#socket.on('error', (error: NodeJS.ErrnoException) =>
      this.#end(error.code === 'ECONNREFUSED' ? 'refused' : `reset (${error.code})`),
    );
    this.#socket.on('end', () => this.#end(this.#received === '' ? 'closed unanswered' : 'cut'));
    this.#socket.on('close', () => this.#end('closed'));
  }

  ask(path: string): Promise<Answer> {
    this.#received = '';
    this.#socket.write(`GET ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`);
    return new Promise((resolve) => {
      const timer = setTimeout(() => this.#end('no answer'), patienceMs);
      this.#settle = (answer) => {
        clearTimeout(timer);
        this.#settle = undefined;
        resolve(answer);
      };
    });
  }

  close(): void {
    this.isOpen = false;
    this.#socket.destroy();
  }

  #read(): void {
    const headEnd = this.#received.indexOf('\r\n\r\n');
    if (headEnd === -1) return;
    const head = this.#received.slice(0, headEnd);
    const body = readBody(head, this.#received.slice(headEnd + 4));
    if (body === undefined) return;
    const isLast = /^connection: *close$/im.test(head);
    if (isLast) this.isOpen = false;
    this.#settle?.({ status: Number(head.slice(9, 12)), body, isLast });
  }

  #end(problem: string): void {
    this.isOpen = false;
    this.#settle?.({ problem });
  }
}

/** Undefined while it is not complete. */
function readBody(head: string, rest: string): string | undefined {
  const length = /^content-length: *(\d+)$/im.exec(head)?.[1];
  if (length !== undefined) return rest.length >= Number(length) ? rest.slice(0, Number(length)) : undefined;
  if (!/^transfer-encoding: *chunked$/im.test(head)) return '';
  let body = '';
  for (let at = 0; ; ) {
    const lineEnd = rest.indexOf('\r\n', at);
    if (lineEnd === -1) return undefined;
    const size = Number.parseInt(rest.slice(at, lineEnd), 16);
    const next = lineEnd + 2 + size + 2;
    if (rest.length < next) return undefined;
    if (size === 0) return body;
    body += rest.slice(lineEnd + 2, lineEnd + 2 + size);
    at = next;
  }
}
