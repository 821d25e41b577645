import { describe, expect, it } from 'vitest';
import { FrameType } from '../../../src/wire/index.js';
import { hostDaemon } from './hosted-daemon.js';

const hosted = hostDaemon();

const pieces = 24;
const letters = Array.from({ length: pieces }, (_, at) => String.fromCharCode(97 + at));

/** Writes the next piece from the same memory as soon as write() has called back. */
const reusingHandler = (size: number, first = '') => `
const memory = Buffer.alloc(${size});
export default (req, res) => {
  ${first}
  const go = (at) => {
    memory.fill(97 + at);
    if (at === ${pieces - 1}) return res.end(Buffer.from(memory));
    res.write(memory, () => { memory.fill(33); go(at + 1); });
  };
  go(0);
};`;

/** Each writes pieces of one letter after the other from the same memory, which it fills anew when the piece before is taken. */
const ways = {
  'a handler, when write() calls back': (size: number) => reusingHandler(size),
  'a handler that has looked at its socket': (size: number) =>
    reusingHandler(size, "res.socket.on('data', () => {});"),
  'a handler, when its answer is finished': (size: number) => `
export default (req, res) => {
  const memory = Buffer.concat([...${JSON.stringify(letters.join(''))}].map((letter) => Buffer.alloc(${size}, letter)));
  res.on('finish', () => memory.fill(33));
  res.write(memory);
  res.end();
};`,
  'a WSGI generator': (size: number) => `
const memory = Buffer.alloc(${size});
export function* application(environ, startResponse) {
  startResponse('200 OK', []);
  for (let at = 0; at < ${pieces}; at += 1) { memory.fill(97 + at); yield memory; memory.fill(33); }
}`,
};

describe.each(Object.entries(ways))('%s', (way, source) => {
  it.each([1_000, 8_192, 8_193, 50_000, 300_000])('may use its memory again: %i bytes', async (size) => {
    const name = `${way.replace(/\W/g, '-')}-${size}.mjs`;
    const exchange = hosted.frontEnd.request(hosted.folder.write(name, source(size)));
    const { text } = await exchange.answer();
    expect(text.length).toBe(pieces * size);
    for (const [at, letter] of letters.entries()) {
      const piece = text.slice(at * size, (at + 1) * size);
      expect(new Set(piece)).toEqual(new Set([letter]));
    }
  });
});

/** Each keeps the pieces of the request body as they came, and answers with them at its end. */
const keepers = {
  'a handler': `
export default async (req, res) => {
  const pieces = [];
  req.on('data', (piece) => pieces.push(piece)).on('end', () => res.end(Buffer.concat(pieces)));
};`,
  'a Fetch handler': `
export default { async fetch(request) {
  const pieces = [];
  for await (const piece of request.body) pieces.push(piece);
  return new Response(Buffer.concat(pieces));
} };`,
};

describe.each(Object.entries(keepers))('%s', (way, source) => {
  it.each([1, 1_000, 20_000, 65_528, 65_600, 150_000])('may keep what it reads: %i bytes', async (size) => {
    const { folder, frontEnd } = hosted;
    const script = folder.write(`keeping-${way.replace(/\W/g, '-')}.mjs`, source);
    const other = folder.write('other.mjs', "export default (req, res) => res.end('other');");
    const exchanges = [1, 2].map(() => frontEnd.request(script, { method: 'POST', openBody: true }));
    for (const letter of letters.slice(0, 8)) {
      for (const [at, exchange] of exchanges.entries()) {
        await exchange.send(Buffer.alloc(size, at === 0 ? letter : letter.toUpperCase()));
        // Read, and something else behind it.
        expect((await frontEnd.request(other).answer()).text).toBe('other');
      }
    }
    for (const exchange of exchanges) exchange.frame(FrameType.end);
    const answers = await Promise.all(exchanges.map((exchange) => exchange.answer()));
    const expected = letters.slice(0, 8).map((letter) => letter.repeat(size));
    expect(answers[0]?.text === expected.join('')).toBe(true);
    expect(answers[1]?.text === expected.join('').toUpperCase()).toBe(true);
  });
});
