import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  decodeAbort,
  decodeRequest,
  encodeHello,
  FrameReader,
  FrameType,
  type RequestMessage,
} from '../../src/wire/index.js';
import { encodeFrame, encodeTextFrame } from '../wire/encode-frame.js';

export interface SeenFrame {
  readonly type: FrameType;
  readonly stream: number;
  readonly payload: Buffer;
}

/** The other end of the daemon protocol, saying exactly what a test tells it to. */
export class FakeDaemon {
  readonly socketPath: string;
  readonly frames: SeenFrame[] = [];
  readonly #folder = mkdtempSync(join(tmpdir(), 'modhost-proxy-'));
  readonly #server: Server;
  #socket: Socket | undefined;
  #waiters: (() => void)[] = [];

  constructor(sayHello = true, takesAhead = false) {
    this.socketPath = join(this.#folder, 'daemon.sock');
    this.#server = createServer((socket) => {
      this.#socket = socket;
      socket.on('error', () => {});
      const reader = new FrameReader((type, stream, payload) => {
        this.frames.push({ type, stream, payload: Buffer.from(payload) });
        this.#wake();
      });
      socket.on('data', (piece) => reader.push(piece));
      if (sayHello) {
        const ahead = takesAhead ? ['ahead', '2'] : [];
        this.text(
          FrameType.hello,
          0,
          encodeHello(['pid', '1', 'runtime', 'python', 'threads', '1', ...ahead]),
        );
      }
    });
  }

  listen(): Promise<void> {
    return new Promise((resolve) => this.#server.listen(this.socketPath, resolve));
  }

  send(type: FrameType, stream: number, payload?: Uint8Array): void {
    this.#socket?.write(encodeFrame(type, stream, payload));
  }

  text(type: FrameType, stream: number, text: string): void {
    this.#socket?.write(encodeTextFrame(type, stream, text));
  }

  raw(bytes: Uint8Array): void {
    this.#socket?.write(bytes);
  }

  /** As a killed process does. */
  die(): void {
    this.#socket?.destroy();
  }

  async close(): Promise<void> {
    this.#socket?.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
    rmSync(this.#folder, { recursive: true, force: true });
  }

  /** The nth frame of that type, waited for. */
  async frame(type: FrameType, nth = 0): Promise<SeenFrame> {
    for (;;) {
      const found = this.frames.filter((frame) => frame.type === type)[nth];
      if (found !== undefined) return found;
      await new Promise<void>((resolve) => this.#waiters.push(resolve));
    }
  }

  async request(nth = 0): Promise<RequestMessage & { readonly stream: number }> {
    const { stream, payload } = await this.frame(FrameType.request, nth);
    return { ...decodeRequest(payload), stream };
  }

  async abortCode(nth = 0): Promise<string> {
    return decodeAbort((await this.frame(FrameType.abort, nth)).payload).code;
  }

  /** BODY bytes received on a stream so far. */
  bodyOf(stream: number): Buffer {
    const pieces = this.frames.filter((frame) => frame.type === FrameType.body && frame.stream === stream);
    return Buffer.concat(pieces.map(({ payload }) => payload));
  }

  /** Waits until that many BODY bytes have come. */
  async body(stream: number, bytes: number): Promise<Buffer> {
    while (this.bodyOf(stream).length < bytes)
      await new Promise<void>((resolve) => this.#waiters.push(resolve));
    return this.bodyOf(stream);
  }

  #wake(): void {
    for (const waiter of this.#waiters.splice(0)) waiter();
  }
}
