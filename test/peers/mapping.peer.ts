import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { askCase } from '../features/mapping/ask.js';
import { plantTree } from '../features/mapping/plant-tree.js';
import { joinSites, readSites } from '../features/mapping/read-sites.js';
import { apache } from './installed.js';
import { makeFolder, type RunningServer, removeFolder, startServer } from './server.js';

const sites = readSites().filter(({ isOursOnly }) => !isOursOnly);

/** What `test/features/mapping` says of Apache is true. */
describe.skipIf(apache === undefined)('Apache answers as it is written down', () => {
  let folder: string;
  let server: RunningServer;

  beforeAll(async () => {
    folder = makeFolder();
    plantTree(folder);
    server = await startServer('Apache', joinSites(sites, folder), `${folder}/server`);
  });
  afterAll(async () => {
    await server?.stop();
    removeFolder(folder);
  });

  describe.each(sites)('$name', ({ name, cases }) => {
    it.each(cases.map(({ request, apache: answer }) => [request, answer]))('%s', async (request, answer) => {
      expect(await askCase(server.port, `${name}.test`, request, folder)).toBe(answer);
    });
  });
});
