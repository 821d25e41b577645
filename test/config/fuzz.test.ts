import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { formatMistake, loadConfig } from '../../src/config/index.js';
import { parseFixture } from './run-fixture.js';

const folder = join(import.meta.dirname, 'fixtures');
const texts = readdirSync(folder).flatMap((name) => [
  ...parseFixture(readFileSync(join(folder, name), 'utf8')).files.values(),
]);
const lines = texts.flatMap((text) => text.toString('latin1').split('\n'));
const pieces = [
  '"',
  "'",
  '\\',
  '<',
  '>',
  '</',
  '${',
  '}',
  '\n',
  '\\\n',
  '\0',
  '\xff',
  ' ',
  '#',
  '%{GLOBAL}',
  '=',
  '(',
  '[',
  '*',
  '~ ',
];

let root = '';

beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'modhost-fuzz-'));
});

afterAll(() => {
  rmSync(root, { recursive: true, force: true });
});

describe('any text', () => {
  it('is read or refused, never a crash and never a hang', () => {
    const random = createRandom(20_260_731);
    const file = join(root, 'site.conf');
    let read = 0;
    for (let round = 0; round < 1500; round += 1) {
      const text = mutate(random);
      writeFileSync(file, text, 'latin1');
      const started = performance.now();
      const { config, mistakes } = loadConfig({ file, before: ['Listen 8080'], environment: { HOME: '/' } });
      const hasError = mistakes.some(({ severity }) => severity === 'error');
      expect(config === undefined, JSON.stringify(text)).toBe(hasError);
      expect(performance.now() - started, JSON.stringify(text)).toBeLessThan(2000);
      for (const mistake of mistakes) expect(formatMistake(mistake)).toMatch(/^[^\n\0]+: .+$/);
      if (config !== undefined) {
        read += 1;
        structuredClone(config);
      }
    }
    // Most texts should still say something.
    expect(read).toBeGreaterThan(50);
  }, 60_000);
});

function mutate(random: (limit: number) => number): string {
  const base = texts[random(texts.length)] ?? Buffer.alloc(0);
  let text = base.toString('latin1');
  for (let change = random(6); change > 0; change -= 1) {
    const at = random(text.length + 1);
    const end = at + random(12);
    const choice = random(4);
    if (choice === 0) text = text.slice(0, at) + (pieces[random(pieces.length)] ?? '') + text.slice(at);
    else if (choice === 1) text = text.slice(0, at) + text.slice(end);
    else if (choice === 2)
      text = `${text.slice(0, at)}\n${lines[random(lines.length)] ?? ''}\n${text.slice(at)}`;
    else text = text.slice(0, at) + String.fromCharCode(random(256)) + text.slice(at + 1);
  }
  return text;
}

/** A small generator of its own, so that a failure can be repeated. */
function createRandom(seed: number): (limit: number) => number {
  let state = seed >>> 0;
  return (limit) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * limit);
  };
}
