import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadConfig } from '../../src/config/index.js';
import { placeSiteFile, prepareRoot, readAccessTables } from './access-cases.js';
import { createAccessJudge } from './decide-access.js';

/** From the text of a site file to the decision, without a server. */
describe.each(readAccessTables())('$name', (table) => {
  let root: string;
  let judge: ReturnType<typeof createAccessJudge>;

  beforeAll(() => {
    root = mkdtempSync(join(tmpdir(), 'modhost-access-'));
    prepareRoot(root);
    const start = `Listen 8080\nAliasMatch ^ ${root}/htdocs/page\n`;
    writeFileSync(join(root, 'site.conf'), start + placeSiteFile(table, root));
    const { config, mistakes } = loadConfig({ file: 'site.conf', serverRoot: root, environment: {} });
    if (config === undefined) throw new Error(JSON.stringify(mistakes));
    judge = createAccessJudge(config);
  });
  afterAll(() => rmSync(root, { recursive: true }));

  it.each(table.cases)('$line', async (row) => {
    expect(await judge(row)).toBe(row.expected);
  });
});
