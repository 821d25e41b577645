import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readTypeScript } from '../../../src/daemon/node/typescript/source.js';

describe('the format of a TypeScript file', () => {
  let folder: string;

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'modhost-source-'));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  const typeImport = "import type { Server } from 'node:http';\n";

  it.each([
    ['a.cts', `${typeImport}module.exports = 1 as number;\n`, 'commonjs'],
    ['b.ts', `${typeImport}module.exports = 1 as number;\n`, 'commonjs'],
    ['c.ts', `${typeImport}export default 1 as number;\n`, 'module'],
    ['d.ts', `${typeImport}const one: number = 1;\nexport {};\n`, 'module'],
    ['e.mts', `${typeImport}const one: number = 1;\n`, 'module'],
  ])('%s with %j is %s', (name, text, format) => {
    const file = join(folder, name);
    writeFileSync(file, text);
    const source = readTypeScript(file);
    expect(source.format).toBe(format);
    if (format === 'commonjs') expect(source.code).not.toMatch(/^export /m);
  });
});
