import { describe, expect, it } from 'vitest';
import { RepeatableBody } from '../../src/server/repeatable-body.js';

type Listener = Parameters<ReturnType<RepeatableBody['open']>['start']>[0];

/** A client that sends what a test lets it, unless it has to wait. */
class Client {
  readonly length = 1_000_000;
  listener: Listener | undefined;
  isPaused = false;
  start(listener: Listener): void {
    this.listener = listener;
  }
  pause(): void {
    this.isPaused = true;
  }
  resume(): void {
    this.isPaused = false;
  }
  send(text: string): void {
    this.listener?.piece(Buffer.from(text));
  }
}

/** Whoever reads it, and what it has heard. */
function makeReader() {
  let heard = '';
  const listener: Listener = {
    piece: (bytes) => {
      heard += bytes.toString();
    },
    end: () => {
      heard += '.';
    },
    fail: (status) => {
      heard += `!${status}`;
    },
  };
  return { listener, heard: () => heard };
}

describe('a body that is offered to one server after another', () => {
  it('keeps the client waiting from when it is offered again until somebody reads it', () => {
    const client = new Client();
    const body = new RepeatableBody(client);
    const first = body.open();
    expect(client.isPaused).toBe(false);
    first.start(makeReader().listener);
    client.send('abc');
    const second = body.open();
    expect(client.isPaused).toBe(true);
    // The first server is over: nobody listens to what it wants.
    first.resume();
    expect(client.isPaused).toBe(true);
    const reader = makeReader();
    second.start(reader.listener);
    expect(client.isPaused).toBe(false);
    first.pause();
    expect(client.isPaused).toBe(false);
    client.send('def');
    client.listener?.end();
    expect(reader.heard()).toBe('abcdef.');
  });

  it('does not go on where the next one has enough with what there was', () => {
    const client = new Client();
    const body = new RepeatableBody(client);
    body.open().start(makeReader().listener);
    client.send('abc');
    const second = body.open();
    const { listener } = makeReader();
    second.start({ ...listener, piece: () => second.pause() });
    expect(client.isPaused).toBe(true);
    second.resume();
    expect(client.isPaused).toBe(false);
  });

  it('is not offered without its beginning', () => {
    const client = new Client();
    const body = new RepeatableBody(client);
    body.open().start(makeReader().listener);
    client.send('x'.repeat(300_000));
    expect(body.canRepeat).toBe(false);
    expect(() => body.open()).toThrow('the beginning of the request body is not here any more');
  });

  it('is handed on when its beginning is forgotten, and not offered again', () => {
    const client = new Client();
    const body = new RepeatableBody(client);
    const reader = makeReader();
    body.open().start(reader.listener);
    client.send('abc');
    body.forgetBeginning();
    client.send('def');
    client.listener?.end();
    expect(reader.heard()).toBe('abcdef.');
    expect(body.canRepeat).toBe(false);
  });

  it('is thrown away when nobody wants it any more, if it has begun', () => {
    const client = new Client();
    const body = new RepeatableBody(client);
    body.open();
    client.isPaused = true;
    body.release();
    expect(client.isPaused).toBe(true);
    const reader = makeReader();
    body.open().start(reader.listener);
    body.open();
    body.release();
    expect(client.isPaused).toBe(false);
    client.send('abc');
    expect(reader.heard()).toBe('');
  });
});
