import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { formatDirectivePage, formatErrorPage } from '../../src/cli/index.js';
import { definitions, type MistakeCode, mistakeCodes } from '../../src/config/index.js';

const codes: readonly MistakeCode[] = Object.values(mistakeCodes);
const read = (name: string) => readFileSync(new URL(`../../docs/${name}`, import.meta.url), 'utf8');

describe('the reference pages', () => {
  it('are up to date; if not: npm run docs', () => {
    expect(read('errors.md')).toBe(formatErrorPage(codes));
    expect(read('directives.md')).toBe(formatDirectivePage(definitions));
  });

  it('name every directive in a row of its own', () => {
    const rows = read('directives.md').match(/^\| `[^`]+`/gm) ?? [];
    expect(rows).toHaveLength(definitions.length);
    expect(rows).toContain('| `Listen`');
    expect(rows).toContain('| `<Directory>`');
  });

  it('give each kind of mistake a code of its own', () => {
    expect(new Set(codes.map(({ code }) => code)).size).toBe(codes.length);
    for (const { code, explanation } of codes) {
      expect(code).toMatch(/^MH\d{4}$/);
      expect(explanation).toMatch(/^[A-Z`].*[.:]$/s);
    }
  });
});
