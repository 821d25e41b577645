import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { loadConfig } from '../../src/config/index.js';
import { prepareRoot } from '../auth/access-cases.js';
import { createAccessJudge } from '../auth/decide-access.js';
import { accessPreamble, askAccess } from './ask-access.js';
import { apache } from './installed.js';
import { makeRandomSite, rollDice } from './random-access-site.js';
import { makeFolder, removeFolder, startServer } from './server.js';

/** Rules that nobody would think of: modhost and Apache have to come to the same decision. */
describe.skipIf(apache === undefined)('random access rules', () => {
  let root: string;

  beforeEach(() => {
    root = makeFolder();
    prepareRoot(root);
  });
  afterEach(() => removeFolder(root));

  it.each([1, 2, 3, 4])('decide as on Apache (seed %i)', async (seed) => {
    const dice = rollDice(seed * 7919);
    const { siteFile, paths } = makeRandomSite(dice, 30);
    const placed = siteFile.replaceAll('$ROOT', root);
    writeFileSync(join(root, 'site.conf'), `Listen 8080\nAliasMatch ^ ${root}/htdocs/page\n${placed}`);
    const { config, mistakes } = loadConfig({ file: 'site.conf', serverRoot: root, environment: {} });
    if (config === undefined) throw new Error(JSON.stringify(mistakes));
    const judge = createAccessJudge(config);
    const server = await startServer('Apache', accessPreamble(root) + placed, root);
    try {
      for (const path of paths.flatMap((one) => Array.from({ length: 15 }, () => one))) {
        const credentials = dice.pick([undefined, 'bob:secret', 'amy:secret', 'bob:wrong']);
        const row = {
          path,
          method: dice.pick(['GET', 'HEAD', 'POST', 'PUT']),
          address: dice.pick(['127.0.0.1', '10.1.0.1', '10.2.0.1', '192.0.2.1']),
          variables: dice.pick([[], ['good']]),
          ...(credentials === undefined ? {} : { credentials }),
        };
        const ours = await judge(row);
        expect({ ...row, outcome: ours }).toEqual({ ...row, outcome: await askAccess(server.port, row) });
      }
    } finally {
      await server.stop();
    }
  });
});
