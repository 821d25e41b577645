import { afterAll, expect, it } from 'vitest';
import { Folder, TestDaemon } from './daemon-client.js';

const folder = new Folder();
let daemon: TestDaemon | undefined;

afterAll(async () => {
  await daemon?.stop();
  folder.remove();
});

const script = folder.write(
  'store.mjs',
  `import { AsyncLocalStorage } from 'node:async_hooks';
const store = new AsyncLocalStorage();
export default (req, res) => {
  const found = store.getStore();
  store.run('of ' + req.url, () => setTimeout(() => res.end('found: ' + found), 20));
};
`,
);

it('keeps from a request that had to wait what was stored for the one before it', async () => {
  daemon = await TestDaemon.started({ start: { threads: 1 } });
  const connections = [await daemon.connect(), await daemon.connect()];
  const answers = connections.map((connection) => connection.request(script).answer());
  const texts = (await Promise.all(answers)).map(({ text }) => text);
  expect(texts).toEqual(['found: undefined', 'found: undefined']);
});
