import { cpSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { node24, projectRoot } from './installed.js';
import { makeFolder, type RunningServer, removeFolder, startServer } from './server.js';

/** This Node, and one that can load TypeScript by itself. */
const nodes = [
  { name: `Node ${process.versions.node}`, program: process.execPath },
  { name: 'Node 24', program: node24 },
];

for (const { name, program } of nodes)
  describe.skipIf(program === undefined)(`TypeScript on ${name}`, () => {
    let folder: string;
    let server: RunningServer;

    beforeAll(async () => {
      folder = makeFolder();
      cpSync(join(projectRoot, 'test/peers/apps/typescript'), join(folder, 'apps'), { recursive: true });
      server = await startServer('modhost', siteFile(join(folder, 'apps')), folder, program);
    });
    afterAll(async () => {
      await server?.stop();
      removeFolder(folder);
    });

    it('runs types, an enum, imports of local .ts files and top-level await as they are', async () => {
      const answer = await fetch(`${server.origin}/shop/basket`);
      expect(answer.status).toBe(200);
      expect(await answer.json()).toEqual({ pathname: '/basket', mount: '/shop', total: '5.30 EUR' });
    });

    it('runs a CommonJS file', async () => {
      const answer = await fetch(`${server.origin}/tally`);
      expect(await answer.text()).toBe('tally.cts GET true');
    });

    it("names the user's own line in the error log", async () => {
      expect((await fetch(`${server.origin}/shop/fail`)).status).toBe(500);
      const lines = readFileSync(join(folder, 'apps/shop.mts'), 'utf8').split('\n');
      const line = lines.findIndex((text) => text.includes('throw new Error')) + 1;
      await server.logged('intended failure in TypeScript');
      await server.logged(`shop.mts:${line}:`);
    });
  });

function siteFile(folder: string): string {
  return `
WSGIDaemonProcess shop
WSGIScriptAlias /shop ${folder}/shop.mts process-group=shop
WSGIScriptAlias /tally ${folder}/tally.cts process-group=shop interface=node
<Directory ${folder}>
    Require all granted
</Directory>
`;
}
