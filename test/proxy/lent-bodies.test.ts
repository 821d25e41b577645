import { afterEach, beforeEach, expect, it } from 'vitest';
import { DaemonConnection } from '../../src/proxy/daemon-connection.js';
import { type BodySource, type PieceUse, returnBuffer, takeBuffer } from '../../src/proxy/index.js';
import { Upload } from '../../src/proxy/upload.js';
import { FrameType } from '../../src/wire/index.js';
import { FakeDaemon } from './fake-daemon.js';

/** Request bodies in memory that is used again: no byte of it may change before the system has it. */

let daemon: FakeDaemon;
let connection: DaemonConnection;

beforeEach(async () => {
  daemon = new FakeDaemon();
  await daemon.listen();
  await new Promise<void>((ready) => {
    connection = new DaemonConnection(daemon.socketPath, '', false, {
      ready,
      drain: () => {},
      closed: () => {},
      log: () => {},
    });
  });
});
afterEach(async () => {
  connection.close();
  await daemon.close();
});

/** Somebody else reads into the memory that was given back last, and leaves room for more to be given back. */
function spoil(): void {
  const taken = Array.from({ length: 8 }, () => takeBuffer().fill('!'));
  for (const buffer of taken.slice(0, 4)) returnBuffer(buffer);
}

/** A client that reads into the same memory again as soon as it may. */
class Client implements BodySource {
  readonly upload: Upload;
  readonly stream: number;
  readonly pieces: Buffer[] = [];
  #own: Buffer | undefined;
  #isPaused = false;
  #lend: ((bytes: Buffer) => PieceUse) | undefined;

  constructor() {
    this.upload = new Upload(this, () => {});
    this.upload.accepted();
    const stream = connection.open(FrameType.request, '', false, {
      response: () => {},
      body: () => 'free',
      bodyText: () => 'free',
      end: () => {},
      abort: () => {},
      credit: () => {},
      accepted: () => {},
      reply: () => {},
      log: () => {},
      lost: () => {},
    });
    this.stream = stream;
    this.upload.attach({
      body: (bytes, isLent) => connection.sendBody(stream, bytes, isLent),
      isBehind: () => connection.isBehind,
      onDrain: (callback) => connection.onDrain(callback),
      end: () => {},
    });
  }

  start(listener: Parameters<BodySource['start']>[0]): void {
    this.#lend = listener.lend;
  }
  pause(): void {
    this.#isPaused = true;
  }
  resume(): void {
    this.#isPaused = false;
  }

  read(size: number): void {
    if (this.#isPaused) return;
    this.#own ??= takeBuffer();
    const piece = this.#own.subarray(0, size).fill(`${this.stream}.${this.pieces.length} `);
    this.pieces.push(Buffer.from(piece));
    if (this.#lend?.(piece) !== 'free') this.#own = undefined;
  }
}

it.each([1, 2, 3, 4])('come as they were, however they are split (%i)', async (seed) => {
  let state = seed;
  const random = (below: number) => {
    state = (state * 48_271) % 0x7fff_ffff;
    return state % below;
  };
  const clients = Array.from({ length: 4 }, () => new Client());
  for (let round = 0; round < 300; round += 1) {
    const client = clients[random(4)] as Client;
    const size = random(6) === 0 ? 131_072 : 16_385 + random(20_000);
    client.read(size);
    spoil();
    for (let grants = random(4); grants > 0; grants -= 1) {
      client.upload.grant(random(3) === 0 ? size : random(20_000));
      spoil();
    }
    if (random(2) === 0) await new Promise((turn) => setImmediate(turn));
  }
  for (const { upload } of clients) {
    upload.grant(300 * 131_072);
    spoil();
  }
  for (const { stream, pieces } of clients) {
    const sent = Buffer.concat(pieces);
    expect((await daemon.body(stream, sent.length)).equals(sent)).toBe(true);
  }
});
