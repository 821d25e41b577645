import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach, expect, it, vi } from 'vitest';
import { keepFile, recallFile } from '../../src/files/kept-files.js';

const folder = mkdtempSync(join(tmpdir(), 'modhost-kept-'));
afterAll(() => rmSync(folder, { recursive: true }));
beforeEach(() => void vi.spyOn(Date, 'now').mockReturnValue(Date.now() + 10_000));
afterEach(() => void vi.restoreAllMocks());

/** One file under any number of names: a slash and `/./` mean the same. */
function nameOf(number: number): string {
  const way = number.toString(2).replaceAll('0', '/').replaceAll('1', '/./');
  return `${folder}${way}/file`;
}

it.each([0, 1, 20_000])('keeps a bounded number of files of %i bytes, those that were used last', (size) => {
  const content = Buffer.alloc(size);
  writeFileSync(join(folder, 'file'), content);
  const stat = statSync(join(folder, 'file'), { bigint: true });
  keepFile(nameOf(1), stat, content);
  keepFile(nameOf(2), stat, content);
  const many = 25_000;
  for (let number = 3; number < many; number += 1) {
    keepFile(nameOf(number), stat, content);
    if (number % 500 === 0) recallFile(nameOf(1));
  }
  expect(recallFile(nameOf(2))).toBeUndefined();
  expect(recallFile(nameOf(1))).toBeDefined();
  expect(recallFile(nameOf(many - 1))).toBeDefined();
});
