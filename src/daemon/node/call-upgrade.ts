import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Pairs } from '../../wire/index.js';
import { AnswerParser } from './answer-parser.js';
import type { RequestFacts } from './environ.js';
import { createHostedRequest } from './hosted-messages.js';
import { HostedSocket } from './hosted-socket.js';
import type { Reply } from './reply.js';
import type { Stream } from './stream.js';

/** Hands a handshake to those who listen for `upgrade`; false: nobody does. */
export type UpgradeHandler = (request: IncomingMessage, socket: Duplex, head: Buffer) => boolean;

/**
 * A handshake of WebSocket, as an http.Server would tell of it: the application writes its answer, and all that follows, to the socket itself.
 * False: nobody listens, and it is a request like any other.
 */
export function callUpgrade(
  upgrade: UpgradeHandler,
  stream: Stream,
  reply: Reply,
  facts: RequestFacts,
  headers: Pairs,
): boolean {
  const socket = new UpgradedSocket(stream, reply, facts);
  const request = createHostedRequest(socket, facts, headers);
  request.complete = true;
  request.push(null);
  stream.onSwitched(() => socket.open());
  stream.onOver((outcome) => {
    if (outcome !== 'ended') socket.destroy();
  });
  try {
    return upgrade(request, socket, Buffer.alloc(0));
  } catch (error) {
    reply.fail('the application raised an error', error);
    return true;
  }
}

/** The client's connection, with the wire in between: it can be read from once it has changed its protocol. */
class UpgradedSocket extends HostedSocket {
  readonly #stream: Stream;
  readonly #reply: Reply;
  #isOpen = false;
  #isWanted = false;

  constructor(stream: Stream, reply: Reply, facts: RequestFacts) {
    const answer = new AnswerParser(reply, true);
    super(facts, {
      write: (chunk, encoding, taken) => answer.write(chunk, encoding, taken),
      takesAtOnce: () => false,
      owesEnd: false,
      resumed: () => {},
      becameStream: () => {},
      destroyed: () => {
        if (reply.over) return;
        if (reply.started) reply.end();
        else reply.fail('the application closed the connection without an answer to the handshake');
      },
    });
    this.#stream = stream;
    this.#reply = reply;
  }

  open(): void {
    this.#isOpen = true;
    this.#stream.body.onChange(() => this.#feed());
    this.#feed();
  }

  override _read(): void {
    this.#isWanted = true;
    this.#feed();
  }

  /** Everything that was written has been sent. */
  override _final(callback: () => void): void {
    if (this.#reply.started) this.#reply.end();
    else this.#reply.fail('the application ended the connection without an answer to the handshake');
    callback();
  }

  #feed(): void {
    if (!this.#isOpen) return;
    const { body } = this.#stream;
    while (this.#isWanted) {
      const piece = body.take();
      if (piece === undefined) break;
      this.#isWanted = this.push(piece);
    }
    if (body.broken !== undefined) this.destroy();
    else if (this.#isWanted && body.ended) {
      this.#isWanted = false;
      this.push(null);
    }
  }
}
