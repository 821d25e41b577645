import { describe, expect, it } from 'vitest';
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
