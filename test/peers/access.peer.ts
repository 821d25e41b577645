import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { placeSiteFile, prepareRoot, readAccessTables } from '../auth/access-cases.js';
import { accessPreamble, askAccess } from './ask-access.js';
import { apache } from './installed.js';
import { makeFolder, type RunningServer, removeFolder, startServer } from './server.js';

/** The tables of `test/auth/access` are what real Apache does. */
describe.skipIf(apache === undefined)('access tables on Apache', () => {
  describe.each(readAccessTables())('$name', (table) => {
    let root: string;
    let server: RunningServer;

    beforeAll(async () => {
      root = makeFolder();
      prepareRoot(root);
      server = await startServer('Apache', `${accessPreamble(root)}${placeSiteFile(table, root)}`, root);
    });
    afterAll(async () => {
      await server?.stop();
      removeFolder(root);
    });

    it.each(table.cases)('$line', async (row) => {
      expect(await askAccess(server.port, row)).toBe(row.expectedOfApache);
    });
  });
});
