import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeFolder, type RunningServer, removeFolder, startServer } from '../peers/server.js';
import { askCase } from './mapping/ask.js';
import { plantTree } from './mapping/plant-tree.js';
import { joinSites, readSites } from './mapping/read-sites.js';

const sites = readSites();

describe('requests go where Apache sends them', () => {
  let folder: string;
  let server: RunningServer;

  beforeAll(async () => {
    folder = makeFolder();
    plantTree(folder);
    server = await startServer('modhost', joinSites(sites, folder), `${folder}/server`);
  });
  afterAll(async () => {
    await server?.stop();
    removeFolder(folder);
  });

  describe.each(sites)('$name', ({ name, cases }) => {
    it.each(cases.map(({ request, modhost }) => [request, modhost]))('%s', async (request, answer) => {
      expect(await askCase(server.port, `${name}.test`, request, folder)).toBe(answer);
    });
  });
});
