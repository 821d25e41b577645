import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { PassedRequest, PassSink } from '../../src/gateway/index.js';
import { Passage, type PassageSteps } from '../../src/gateway/passage.js';

/** A client that takes nothing until `drain`. */
class SlowClient implements PassSink {
  drain: () => void = () => {};
  inform(): void {}
  head(): boolean {
    return true;
  }
  write(): boolean {
    return false;
  }
  onDrain(callback: () => void): void {
    this.drain = callback;
  }
  end(): void {}
  logError(): void {}
  cut(): void {}
}

function startPassage(said: Partial<PassedRequest> = {}) {
  const sink = new SlowClient();
  const flow: boolean[] = [];
  const steps: PassageSteps = {
    begin: () => {},
    setFlow: (isFlowing) => flow.push(isFlowing),
    describeSilence: (seconds) => ({ status: 502, reason: `nothing ${seconds}` }),
    release: () => {},
  };
  // As much of a request as a passage looks at.
  const passage = new Passage({ sink, timeoutMs: 0, ...said } as PassedRequest, steps);
  return { sink, flow, passage };
}

describe('a client that takes the end of an answer late', () => {
  it('lets the answer go on as long as it is not complete', () => {
    const { sink, flow, passage } = startPassage();
    passage.startAnswer(200, 'OK', []);
    passage.passBody(Buffer.from('a'));
    sink.drain();
    expect(flow).toEqual([false, true]);
  });

  it('does not touch a connection that may be another request’s by then', () => {
    const { sink, flow, passage } = startPassage();
    passage.startAnswer(200, 'OK', []);
    passage.passBody(Buffer.from('a'));
    passage.complete();
    sink.drain();
    expect(flow).toEqual([false]);
  });
});

describe('the silence of another server', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  /** A body that has begun; `end` sends the rest of it. */
  function startUploading() {
    let end = () => {};
    const body: NonNullable<PassedRequest['body']> = {
      length: 3,
      start: (listener) => {
        end = () => {
          listener.piece(Buffer.from('abc'));
          listener.end();
        };
      },
      pause: () => {},
      resume: () => {},
    };
    const { passage } = startPassage({ timeoutMs: 1_000, body });
    passage.upload?.attach({ write: () => true, end: () => {} });
    passage.watchSilence();
    return { passage, end: () => end() };
  }

  it('is its fault when it has the whole request', async () => {
    const { passage, end } = startUploading();
    end();
    vi.advanceTimersByTime(1_000);
    expect(await passage.outcome).toMatchObject({ kind: 'refused', fault: 'silence' });
  });

  it('is not its fault when the client sends no more of the body, before the head or behind it', async () => {
    const { passage } = startUploading();
    vi.advanceTimersByTime(10_000);
    expect(passage.isOver).toBe(false);
    passage.startAnswer(200, 'OK', []);
    vi.advanceTimersByTime(1_000);
    expect(await passage.outcome).toMatchObject({ kind: 'cut', fault: 'client' });
  });
});
