import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, it } from 'vitest';
import { AnswerParser } from '../../src/daemon/node/answer-parser.js';
import type { PreparedHead, Reply } from '../../src/daemon/node/reply.js';
import { copyText, type LeanFields, readLeanHead, rememberTexts } from '../../src/http/index.js';
import { FirstWords } from '../../src/processes/first-words.js';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

const partBytes = 400_000;
const times = 100;

/** MB that stay in use after `step` was done many times; each time with its number, to which a large text that nobody needs is added. */
function measureKept(step: (number: number, rest: string) => unknown): number {
  const results: unknown[] = [];
  collect();
  const before = process.memoryUsage().heapUsed;
  for (let number = 0; number < times; number += 1) {
    const rest = Buffer.alloc(partBytes, number).toString('latin1');
    results.push(step(number, rest));
  }
  collect();
  const kept = process.memoryUsage().heapUsed - before;
  expect(results.length).toBe(times);
  return kept / 2 ** 20;
}

/** A name that is not like any other, cut from a large text. */
const cut = (number: number, rest: string) =>
  Buffer.from(`a name of thirty characters ${number} ${rest}`, 'latin1').toString('latin1').slice(0, 30);

it('sees what is kept by parts of large texts', () => {
  expect(measureKept(cut)).toBeGreaterThan(30);
});

it('keeps nothing but the text itself of a copied one', () => {
  expect(measureKept((number, rest) => copyText(cut(number, rest)))).toBeLessThan(5);
  expect(copyText(cut(12, ''))).toBe('a name of thirty characters 12');
  expect(copyText('')).toBe('');
});

it('keeps nothing but the texts themselves of remembered ones', () => {
  const remember = rememberTexts((text) => `X_${text}`, { most: 1_000, longest: 100 });
  expect(measureKept((number, rest) => remember(cut(number, rest)))).toBeLessThan(5);
});

it('keeps of long lines of a process their beginnings', () => {
  const words = new FirstWords();
  const kept = measureKept((number, rest) => words.note(`Error ${number}: ${rest}`));
  expect(words.explain('Error 99')).toMatch(/^Error 99: c+$/);
  expect(kept).toBeLessThan(5);
});

it('keeps no bodies with the fields and targets of requests', () => {
  const limits = { headBytes: 8_190, headerLines: 100 };
  const kept = measureKept((number, rest) => {
    const text = `GET /a/path/of/some/length/${number} HTTP/1.1\r\nHost: some.example\r\nX-Number: ${number}\r\n\r\n${rest}`;
    const head = readLeanHead(Buffer.from(text, 'latin1').toString('latin1'), limits);
    return [head?.target, head?.fields satisfies LeanFields | undefined];
  });
  expect(kept).toBeLessThan(5);
});

it('keeps no answers with their heads', () => {
  const heads: PreparedHead[] = [];
  const reply = {
    started: false,
    over: true,
    startPrepared: (head: PreparedHead) => {
      heads.push(head);
    },
  } as unknown as Reply;
  const kept = measureKept((number, rest) => {
    const head = `HTTP/1.1 200 OK\r\nContent-Type: text/plain; charset=utf-8\r\nX-Filled: ${'x'.repeat(number)}`;
    new AnswerParser(reply).write(`${head}\r\n\r\n${rest}`, 'latin1', () => {});
  });
  expect(heads.length).toBe(times);
  heads.length = 0;
  expect(kept).toBeLessThan(5);
});
