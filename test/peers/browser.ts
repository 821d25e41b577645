import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { WebSocket } from 'ws';
import { chromium } from './installed.js';

/** A real headless Chromium, driven over its DevTools protocol. */
export class Browser {
  readonly #process: ChildProcess;
  readonly #origin: string;

  private constructor(process: ChildProcess, origin: string) {
    this.#process = process;
    this.#origin = origin;
  }

  /** `folder`: where its profile goes; the caller removes it. */
  static async start(folder: string): Promise<Browser> {
    const child = spawn(
      chromium ?? '',
      [
        ...['--headless', '--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-dev-shm-usage'],
        ...['--disable-background-networking', '--disable-component-update', '--disable-sync'],
        ...[`--user-data-dir=${join(folder, 'profile')}`, '--remote-debugging-port=0', 'about:blank'],
      ],
      { stdio: ['ignore', 'ignore', 'pipe'] },
    );
    let said = '';
    for await (const piece of child.stderr) {
      said += String(piece);
      const origin = /DevTools listening on ws:\/\/([^/]+)\//.exec(said)?.[1];
      if (origin === undefined) continue;
      child.stderr.resume();
      return new Browser(child, `http://${origin}`);
    }
    throw new Error(`Chromium ended: ${said}`);
  }

  async open(url: string): Promise<Tab> {
    const made = await fetch(`${this.#origin}/json/new?${encodeURIComponent(url)}`, { method: 'PUT' });
    const { webSocketDebuggerUrl } = (await made.json()) as { webSocketDebuggerUrl: string };
    const socket = new WebSocket(webSocketDebuggerUrl);
    await once(socket, 'open');
    return new Tab(socket);
  }

  async stop(): Promise<void> {
    const ended = once(this.#process, 'exit');
    this.#process.kill();
    await ended;
  }
}

/** One page of a browser. */
export class Tab {
  readonly #socket: WebSocket;
  #asked = 0;

  constructor(socket: WebSocket) {
    this.#socket = socket;
  }

  /** What a JavaScript expression is in the page, as text. */
  async read(expression: string): Promise<string> {
    this.#asked += 1;
    const id = this.#asked;
    const answer = new Promise<string>((resolve) => {
      const take = (message: Buffer) => {
        const said = JSON.parse(String(message));
        if (said.id !== id) return;
        this.#socket.off('message', take);
        resolve(String(said.result?.result?.value));
      };
      this.#socket.on('message', take);
    });
    this.#socket.send(JSON.stringify({ id, method: 'Runtime.evaluate', params: { expression } }));
    return await answer;
  }

  close(): void {
    this.#socket.terminate();
  }
}
