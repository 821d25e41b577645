import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readLeanHead } from '../../src/http/index.js';
import type { RequestRecord } from '../../src/server/request-record.js';
import { type Heard, startListener, type TestListener, tell } from './listening.js';
import { makeCorpus, type Pieces, plain, unusual } from './request-corpus.js';

/** Whatever the lean reader takes has to be what node:http would have made of it; whatever it does not take has to get there undamaged. */

let lean: TestListener;
let node: TestListener;
beforeAll(async () => {
  [lean, node] = await Promise.all([startListener('lean', answer), startListener('node', answer)]);
});
afterAll(() => Promise.all([lean.stop(), node.stop()]));

/** Says what has come of the body, or leaves it unread. */
function answer({ target, body, reply }: RequestRecord): void {
  const say = (text: string) => {
    reply.start(200, '', ['Content-Length', String(text.length), 'X-Target', target.replace(/[^!-~]/g, '.')]);
    reply.write(Buffer.from(text, 'latin1'));
    reply.end();
  };
  if (!body.isPresent || target === '/unread') {
    say('no body');
    return;
  }
  let text = '';
  body.start({
    piece: (piece) => {
      text += piece.toString('latin1');
    },
    end: () => say(text),
    fail: (status, reason) => say(`${status} ${reason}`),
  });
}

const limits = { headBytes: 8_000, headerLines: 20 };

describe('the two readers of HTTP', () => {
  const corpus = makeCorpus(6, 2_400);

  it('are asked enough: of all kinds', () => {
    const taken = corpus.filter(([first = '']) => readLeanHead(first, limits) !== undefined);
    expect(corpus.length).toBeGreaterThan(2_000);
    expect(taken.length).toBeGreaterThan(400);
    expect(corpus.length - taken.length).toBeGreaterThan(1_000);
  });

  it('each have their part', () => {
    for (const text of plain) expect(readLeanHead(text, limits), text).toBeDefined();
    for (const text of unusual) expect(readLeanHead(text, limits), text).toBeUndefined();
  });

  it.each(parts(corpus, 12))('agree about requests good and bad, part %#', async (part) => {
    const differing: unknown[] = [];
    for (let at = 0; at < part.length; at += 20)
      differing.push(...(await Promise.all(part.slice(at, at + 20).map(compare))).filter(Boolean));
    expect(differing).toEqual([]);
  });
});

/**
 * What differs: undefined, if nothing does. On a busy machine several pieces may come to one reader as one, so a difference counts if it
 * shows also when there is more time between the writes, or each of three times when there is none.
 */
async function compare(pieces: Pieces): Promise<unknown> {
  const difference = await compareOnce(pieces, 0);
  if (difference === undefined) return undefined;
  const showsAgain = async (pausesMs: readonly number[]) => {
    for (const pauseMs of pausesMs) if ((await compareOnce(pieces, pauseMs)) === undefined) return false;
    return true;
  };
  return (await showsAgain([0, 0])) || (await showsAgain([20, 100])) ? difference : undefined;
}

async function compareOnce(pieces: Pieces, pauseMs: number): Promise<unknown> {
  // Of many pieces, all pauses together shall not last longer than a test may.
  const shortMs = Math.min(pauseMs, 5_000 / pieces.length);
  const [byLean, byNode]: Heard[] = await Promise.all([
    tell(lean, pieces, shortMs),
    tell(node, pieces, shortMs),
  ]);
  const isSame = JSON.stringify(withoutTrifles(byLean)) === JSON.stringify(withoutTrifles(byNode));
  return isSame ? undefined : { pieces, byLean, byNode };
}

/**
 * What does not matter, behind another request:
 * - node:http's way answers 501 also where the bytes that it stopped in are the end of a line that began in the body before, `PUT /` say;
 *   read from where the body ends, they are no method, and the answer is 400.
 * - A client that ends in the midst of a body that was answered without being read gets a second answer from node:http's way, to nothing.
 */
function withoutTrifles(heard: Heard | undefined): unknown {
  if (heard === undefined || heard.seen.length < 2) return heard;
  const toNothing = /HTTP\/1\.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n$/;
  const isToNothing = heard.seen.at(-1) === '400 the request is malformed: Parse Error';
  return {
    ...heard,
    text: heard.text
      .replace('501 Not Implemented', '400 Bad Request')
      .replace(isToNothing ? toNothing : '', ''),
    seen: heard.seen
      .slice(0, isToNothing ? -1 : undefined)
      .map((line) => line.replace(/^(400|501) the (method|request) is .*/, 'not understood')),
  };
}

function parts<Item>(items: readonly Item[], count: number): [Item[]][] {
  const size = Math.ceil(items.length / count);
  return Array.from({ length: count }, (_, at) => [items.slice(at * size, (at + 1) * size)]);
}
