import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const tests = fileURLToPath(new URL('..', import.meta.url));
const table = readFileSync(new URL('rules.md', import.meta.url), 'utf8');
const rows = table.split('\n').filter((line) => /^\| (?!Rule|-)/.test(line));

describe('rules.md', () => {
  it.each(rows.map((row) => row.split(' | ').map((cell) => cell.replaceAll(/^\| | \|$/g, ''))))(
    '%s',
    (_rule, cell = '') => {
      const named = [...cell.matchAll(/`([^`]+)`/g)].map(([, name = '']) => name);
      expect(named.length).toBeGreaterThan(0);
      const missing = named.filter(
        (name) => !existsSync(tests + (name.includes('/') ? name : `config/fixtures/${name}.txt`)),
      );
      expect(missing).toEqual([]);
    },
  );
});
