import { noBody, type Reply, type RequestRecord } from '../server/index.js';
import type { TlsConnection } from '../tls/index.js';

/** What shall be explained. Byte strings. */
export interface AskedRequest {
  /** Absent: whatever is spoken on the listener. */
  readonly scheme?: 'http' | 'https';
  readonly method: string;
  readonly target: string;
  /** Of the Host header. */
  readonly host: string;
  readonly clientAddress: string;
  readonly localAddress: string;
  readonly localPort: number;
  /** name, value, … besides Host. */
  readonly headers: readonly string[];
}

/** A request that nobody sent: without a body, answered into the record. */
export class RecordedRequest implements RequestRecord {
  readonly connection: RequestRecord['connection'];
  readonly method: string;
  readonly target: string;
  readonly httpVersion = '1.1';
  readonly headers: readonly string[];
  readonly startedAt = Date.now();
  readonly keepAliveIndex = 0;
  readonly expectation = 'none';
  readonly reply = new RecordedReply();
  readonly body = noBody;

  constructor(asked: AskedRequest, tls?: TlsConnection) {
    const { clientAddress, localAddress, localPort } = asked;
    this.connection = {
      clientAddress,
      clientPort: 40_000,
      localAddress,
      localPort,
      ...(tls === undefined ? {} : { tls }),
    };
    this.method = asked.method;
    this.target = asked.target;
    this.headers = ['Host', asked.host, ...asked.headers];
  }
}

/** Keeps the head of the answer and counts its body. */
class RecordedReply implements Reply {
  isStarted = false;
  status = 0;
  sentHeaders: readonly string[] = [];
  bodyBytes = 0;
  firstByteAt: number | undefined;
  willClose = false;
  readonly #closed: ((how: 'complete' | 'aborted') => void)[] = [];

  start(status: number, _reason: string, headers: readonly string[]): void {
    this.isStarted = true;
    this.status = status;
    this.sentHeaders = headers;
    this.firstByteAt = Date.now();
  }

  inform(): void {}

  switchProtocol(): never {
    throw new Error('nobody is there to change the protocol with');
  }

  writeText(text: string): boolean {
    return this.write(Buffer.from(text, 'latin1'));
  }

  write(piece: Buffer): boolean {
    this.bodyBytes += piece.length;
    return true;
  }

  onDrain(callback: () => void): void {
    callback();
  }

  end(): void {}

  cut(): void {}

  closeConnection(): void {
    this.willClose = true;
  }

  setTimeout(): void {}

  onClosed(callback: (how: 'complete' | 'aborted') => void): void {
    this.#closed.push(callback);
  }

  /** Tells everyone that the answer is out: the access log writes its line. */
  close(): void {
    for (const callback of this.#closed.splice(0)) callback('complete');
  }
}
