import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { describeMistakes, explainMistake, loadConfig } from '../../src/config/index.js';

let root = '';

beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'modhost-mistakes-'));
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

function load(text: string) {
  writeFileSync(join(root, 'site.conf'), text);
  return loadConfig({ file: join(root, 'site.conf'), before: ['Listen 8080'], environment: {} }).mistakes;
}

describe('mistakes as JSON', () => {
  it('hold everything that an editor needs', () => {
    const file = join(root, 'site.conf');
    expect(describeMistakes(load(`  KeepAlve On\nSetEnv A $\{B}\n⟨\0`))).toEqual([
      {
        file,
        line: 1,
        column: 3,
        endColumn: 11,
        code: 'MH0401',
        severity: 'error',
        directive: 'KeepAlve',
        message: "is not a known directive; did you mean 'KeepAlive'?",
        suggestion: 'KeepAlive',
      },
      {
        file,
        line: 2,
        column: 10,
        endColumn: 14,
        code: 'MH0301',
        severity: 'warning',
        message: `the variable $\{B} is not defined and stays as it is`,
      },
      expect.objectContaining({ line: 3, code: 'MH0103', severity: 'warning' }),
      expect.objectContaining({ line: 3, column: 1, endColumn: 2, code: 'MH0401' }),
    ]);
  });

  it('leave out the line of a mistake of a whole file', () => {
    expect(describeMistakes(load(''))).toEqual([]);
    const [mistake] = describeMistakes(
      loadConfig({ file: join(root, 'none'), before: ['Listen 1'], environment: {} }).mistakes,
    );
    expect(mistake).toEqual({
      file: join(root, 'none'),
      code: 'MH0101',
      severity: 'error',
      message: `cannot read ${join(root, 'none')}: no such file or directory`,
    });
  });
});

describe('mistakes on a terminal', () => {
  it('show nothing that hides or turns the rest around', () => {
    const text = load('Ti\x1b[2Jmeout \u202e9\n').map(explainMistake).join();
    expect(text).not.toMatch(/[\x1b\u202e]/);
    expect(text).toContain('Ti\\x1b[2Jmeout: is not a known directive');
    expect(text).toContain('1 | Ti?[2Jmeout ?9');
  });

  it('stay short for a line of megabytes', () => {
    const [mistake] = load(`Timeout ${'x'.repeat(3_000_000)}\n`).map(explainMistake);
    expect(mistake?.length).toBeLessThan(1500);
  });
});
