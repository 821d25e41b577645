import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { findFreePort } from './server.js';

/**
 * One of several servers that are alike but for their name, which each answer bears as X-Member. Of the path, `status-NNN` is the status,
 * `slow-NNN` how many milliseconds the answer takes, `held` is answered when `release` is called, `size-NNN` the bytes of its body, `hangup` ends the connection in place of an answer, and `/health`
 * answers what `health` says. X-Location becomes Location.
 */
export class NamedBackend {
  readonly name: string;
  readonly port: number;
  health: { status: number; body: string } = { status: 200, body: 'fine' };
  /** Method, path and version of the health checks so far. */
  readonly checks: string[] = [];
  /** A request for `held` has come. */
  onHeld: (() => void) | undefined;
  #held: (() => void)[] = [];
  #server: Server | undefined;

  static async start(name: string): Promise<NamedBackend> {
    const backend = new NamedBackend(name, await findFreePort());
    await backend.start();
    return backend;
  }

  private constructor(name: string, port: number) {
    this.name = name;
    this.port = port;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  async start(): Promise<void> {
    const server = createServer(async (request, response) => {
      const { method, url = '', httpVersion, headers } = request;
      const number = (name: string) => Number(new RegExp(`${name}-(\\d+)`).exec(url)?.[1] ?? 0);
      request.resume();
      if (url.includes('/health') || url === '*') {
        this.checks.push(`${method} ${url} HTTP/${httpVersion}`);
        response.writeHead(this.health.status).end(this.health.body);
        return;
      }
      if (url.includes('hangup')) {
        request.socket.destroy();
        return;
      }
      if (url.includes('held')) await this.#hold();
      await sleep(number('slow'));
      const location = headers['x-location'];
      const body = `${method} ${url}\n${'x'.repeat(number('size'))}`;
      response.writeHead(number('status') || 200, {
        'X-Member': this.name,
        'Content-Length': Buffer.byteLength(body),
        ...(location === undefined ? {} : { Location: location }),
      });
      response.end(body);
    }).listen(this.port, '127.0.0.1');
    await once(server, 'listening');
    this.#server = server;
  }

  /** Answers the requests for `held`. */
  release(): void {
    for (const goOn of this.#held.splice(0)) goOn();
  }

  #hold(): Promise<void> {
    return new Promise((resolve) => {
      this.#held.push(resolve);
      this.onHeld?.();
    });
  }

  /** Refuses connections from then on, until it is started again. */
  async stop(): Promise<void> {
    const server = this.#server;
    if (server === undefined) return;
    this.#server = undefined;
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  }
}
