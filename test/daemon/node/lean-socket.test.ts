import { once } from 'node:events';
import { Duplex, finished, Readable } from 'node:stream';
import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { RequestFacts } from '../../../src/daemon/node/environ.js';
import { HostedSocket, type SocketSink } from '../../../src/daemon/node/hosted-socket.js';
import { createLeanSocket } from '../../../src/daemon/node/lean-socket.js';
import { readWords } from '../../../src/wire/index.js';

class Sink implements SocketSink {
  written = '';
  room = Number.POSITIVE_INFINITY;
  owesEnd = false;
  destroyedWith: (Error | null)[] = [];
  streams = 0;
  waiting: (() => void)[] = [];

  write(chunk: Buffer | string, _encoding: BufferEncoding, taken: () => void): void {
    this.written += chunk.toString();
    if (this.room > 0) taken();
    else this.waiting.push(taken);
  }
  takesAtOnce(bytes: number): boolean {
    return bytes <= this.room;
  }
  resumed(): void {}
  becameStream(): void {
    this.streams += 1;
  }
  destroyed(error: Error | null): void {
    this.destroyedWith.push(error);
  }
}

function open(pairs: readonly string[] = []): { socket: HostedSocket; sink: Sink } {
  const sink = new Sink();
  const told = ['modhost.url', '/', ...pairs];
  return {
    socket: createLeanSocket(new RequestFacts({ words: readWords(told), environ: told }), sink),
    sink,
  };
}

describe('a lean socket', () => {
  it('says what a socket says, and is no stream for that', () => {
    const { socket, sink } = open(['REMOTE_ADDR', '::1', 'REMOTE_PORT', '99', 'HTTPS', 'on']);
    expect(socket).toBeInstanceOf(Duplex);
    expect(socket).toBeInstanceOf(HostedSocket);
    expect([socket.remoteAddress, socket.remotePort, socket.remoteFamily]).toEqual(['::1', 99, 'IPv6']);
    expect([socket.encrypted, socket.connecting, socket.readable, socket.writable, socket.destroyed]).toEqual(
      [true, false, true, true, false],
    );
    expect([socket.writableLength, socket.writableNeedDrain, socket.writableCorked]).toEqual([0, false, 0]);
    expect(socket.setNoDelay().setKeepAlive().setTimeout()).toBe(socket);
    expect(sink.streams).toBe(0);
  });

  it('hands on what is written at once, and tells whoever wrote it later', async () => {
    const { socket, sink } = open();
    const told: unknown[] = [];
    expect(socket.write('a', 'latin1', (error) => told.push(error))).toBe(true);
    socket.cork();
    expect(socket.write(Buffer.from('b'))).toBe(true);
    expect(socket.writableCorked).toBe(1);
    socket.uncork();
    expect([sink.written, told, sink.streams]).toEqual(['ab', [], 0]);
    await turn();
    expect(told).toEqual([null]);
    expect(socket.writableCorked).toBe(0);
  });

  it('lets OutgoingMessage let go of all corks at once', () => {
    const { socket, sink } = open();
    socket.cork();
    socket.cork();
    (socket as unknown as { _writableState: { corked: number } })._writableState.corked = 1;
    socket.uncork();
    expect([socket.writableCorked, sink.streams]).toEqual([0, 0]);
  });

  it('becomes a stream that makes its writer wait where the sink does', async () => {
    const { socket, sink } = open();
    socket.write('first ');
    sink.room = 0;
    expect(socket.write('x'.repeat(100_000))).toBe(false);
    expect([sink.streams, socket.writableNeedDrain]).toEqual([1, true]);
    const drained = once(socket, 'drain');
    sink.waiting.shift()?.();
    await drained;
    expect(sink.written.length).toBe(100_006);
  });

  it('keeps the corks when it becomes a stream', async () => {
    const { socket, sink } = open();
    socket.cork();
    socket.write('a');
    socket.on('readable', () => {});
    expect([socket.writableCorked, sink.streams]).toEqual([1, 1]);
    socket.write('b');
    expect(sink.written).toBe('a');
    socket.uncork();
    await turn();
    expect(sink.written).toBe('ab');
  });

  it('ends as a stream, also while it is corked, and no other one with it', async () => {
    const { socket, sink } = open();
    socket.cork();
    const finish = once(socket, 'finish');
    socket.end('last');
    await finish;
    expect([sink.written, socket.writableEnded]).toEqual(['last', true]);
    const other = open();
    other.socket.cork();
    expect((other.socket as unknown as { _writableState: { ended: boolean } })._writableState.ended).toBe(
      false,
    );
  });

  it('is destroyed once, and says so in the next tick', async () => {
    const { socket, sink } = open();
    const error = new Error('enough');
    const close = once(socket, 'close');
    expect(socket.destroy(error).destroy()).toBe(socket);
    expect([socket.destroyed, socket.writable, socket.readable, sink.destroyedWith]).toEqual([
      true,
      false,
      false,
      [error],
    ]);
    await close;
    expect(sink.streams).toBe(0);
  });

  it('is a destroyed stream for whoever looks afterwards', async () => {
    const { socket } = open();
    socket.destroy();
    await once(socket, 'close');
    const failed = new Promise((resolve) => finished(socket, resolve));
    expect(await failed).toMatchObject({ code: 'ERR_STREAM_PREMATURE_CLOSE' });
    expect([socket.destroyed, socket.closed]).toEqual([true, true]);
    expect(await new Promise((resolve) => socket.write('x', resolve))).toMatchObject({
      code: 'ERR_STREAM_DESTROYED',
    });
  });

  it('keeps its listeners when it becomes a stream', async () => {
    const { socket, sink } = open();
    let closed = 0;
    socket.on('close', () => {
      closed += 1;
    });
    Readable.prototype.pause.call(socket);
    expect(sink.streams).toBe(1);
    expect(socket.listenerCount('close')).toBe(1);
    const close = once(socket, 'close');
    socket.destroy();
    await close;
    expect([closed, sink.destroyedWith]).toEqual([1, [null]]);
  });
});
