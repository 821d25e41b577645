import { once } from 'node:events';
import { copyFileSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { projectRoot } from '../peers/installed.js';
import { SurvivalSite } from '../survival/site.js';

/** Open WebSockets while the site file is read anew under load of other requests. */

const drainTimeout = 3;
let site: SurvivalSite;

const siteFile = (turn: number) => `WSGIDaemonProcess kept
WSGIScriptAlias /kept ${site.folder}/sockets.mjs process-group=kept application-group=%{GLOBAL}
WSGIDaemonProcess changed graceful-timeout=1 websocket-drain-timeout=${drainTimeout} env=TURN=${turn}
WSGIScriptAlias /changed ${site.folder}/sockets.mjs process-group=changed application-group=%{GLOBAL}`;

beforeEach(async () => {
  site = new SurvivalSite();
  copyFileSync(join(projectRoot, 'test/features/apps/sockets.mjs'), join(site.folder, 'sockets.mjs'));
  symlinkSync(join(projectRoot, 'node_modules'), join(site.folder, 'node_modules'));
  await site.start(siteFile(0));
});
afterEach(() => site.remove());

async function openSocket(group: string): Promise<WebSocket> {
  const socket = new WebSocket(`ws://127.0.0.1:${site.port}/${group}/echo`);
  await once(socket, 'open');
  return socket;
}

async function echoes(socket: WebSocket, text: string): Promise<void> {
  const answered = once(socket, 'message');
  socket.send(text);
  expect(String((await answered)[0])).toBe(text);
}

it('graceful leaves those of unchanged groups alone; of changed ones they go on for websocket-drain-timeout', {
  timeout: 60_000,
}, async () => {
  const [kept, changed] = await Promise.all(['kept', 'changed'].map(openSocket));
  if (kept === undefined || changed === undefined) throw new Error('no sockets');
  const keptGone = once(kept, 'close').then(() => 'gone');
  let changedAfterMs: number | undefined;
  const changedGone = once(changed, 'close').then(() => {
    changedAfterMs = performance.now() - reloadedAt;
  });
  await Promise.all([echoes(kept, 'before'), echoes(changed, 'before')]);
  const before = await site.status();

  site.writeSite(siteFile(1));
  const reloadedAt = performance.now();
  expect((await site.command('graceful')).exitCode).toBe(0);
  // graceful-timeout, which is for requests, is over before websocket-drain-timeout.
  await sleep(1_500);
  await Promise.all([echoes(kept, 'after'), echoes(changed, 'after')]);
  await changedGone;
  // Its process was told to go when its successor was ready, some time after the command.
  expect(changedAfterMs).toBeGreaterThan(drainTimeout * 1000 - 100);

  expect(await Promise.race([keptGone, sleep(1_000, 'open')])).toBe('open');
  await echoes(kept, 'still');
  const pidsOf = ({ groups }: typeof before, name: string) =>
    groups.find((group) => group.name === name)?.processes.map(({ pid }) => pid);
  const after = await site.status();
  expect(pidsOf(after, 'kept')).toEqual(pidsOf(before, 'kept'));
  expect(pidsOf(after, 'changed')).not.toEqual(pidsOf(before, 'changed'));
  // The front end that carries it waits for it; new connections are another one's.
  expect(after.frontEnds.map(({ state }) => state)).toContain('draining');
  const fresh = await openSocket('changed');
  await echoes(fresh, 'fresh');
  fresh.terminate();
  kept.terminate();
  await expect
    .poll(async () => (await site.status()).frontEnds.map(({ state }) => state), { timeout: 10_000 })
    .not.toContain('draining');
});
