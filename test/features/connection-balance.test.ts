import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { SurvivalSite } from '../survival/site.js';

const site = new SurvivalSite();

afterEach(() => site.remove());

/** All at once; each asks one thing, and stays open. */
async function openBurst(port: number, count: number): Promise<readonly Socket[]> {
  const sockets = Array.from({ length: count }, () => connect(port, '127.0.0.1'));
  for (const socket of sockets) socket.write('GET /file.txt HTTP/1.1\r\nHost: localhost\r\n\r\n');
  await Promise.all(sockets.map((socket) => once(socket, 'data')));
  return sockets;
}

async function finished(): Promise<readonly number[]> {
  const { frontEnds } = await site.status();
  return frontEnds.map(({ counts }) => counts?.finished ?? 0);
}

it('comes upon all front ends when many connect at once', { timeout: 60_000 }, async () => {
  writeFileSync(join(site.folder, 'file.txt'), 'text');
  await site.start(`ServerLimit 2\nDocumentRoot ${site.folder}`);
  const shares: number[] = [];
  for (let burst = 0; burst < 5; burst += 1) {
    const before = await finished();
    const sockets = await openBurst(site.port, 64);
    const asked = () => finished().then((now) => now.map((count, at) => count - (before[at] ?? 0)));
    await expect.poll(async () => (await asked()).reduce((sum, count) => sum + count, 0)).toBe(64);
    shares.push(Math.min(...(await asked())));
    for (const socket of sockets) socket.destroy();
  }
  // One of them alone may meet a machine that runs only one of the two.
  const [, , middle] = [...shares].sort((a, b) => a - b);
  expect(middle, `${shares}`).toBeGreaterThanOrEqual(20);
});
