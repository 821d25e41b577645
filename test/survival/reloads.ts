import { utimesSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { askControl } from '../../src/control/index.js';
import { scripts, writeScript } from './apps.js';
import { type Load, startLoad } from './load.js';
import type { SurvivalSite } from './site.js';

/** Two groups of both runtimes; the options of `changing` differ with every turn, those of `same` never do. */
export function reloadedSite(folder: string, turn: number): string {
  const mounts = scripts.flatMap((script) => {
    const way = script.replace('.', '-');
    return [
      `WSGIScriptAlias /same/${way} ${folder}/${script} process-group=same application-group=%{GLOBAL}`,
      `WSGIScriptAlias /changing/${way} ${folder}/${script} process-group=changing application-group=%{GLOBAL}`,
    ];
  });
  return `WSGIDaemonProcess same threads=4
WSGIDaemonProcess changing threads=4 env=TURN=${turn}
${mounts.join('\n')}`;
}

export const reloadedPaths = ['/same/app-py', '/changing/app-py', '/same/app-mjs', '/changing/app-mjs'];

/** Asks the server to reload, and waits until it has. @throws Error with what it said when it did not */
export async function reloadSite(site: SurvivalSite): Promise<void> {
  const said: string[] = [];
  const path = join(site.folder, 'run/modhost.sock');
  const outcome = await askControl(path, { command: 'graceful' }, (text) => said.push(text));
  if ('problem' in outcome) throw new Error(outcome.problem);
  if (!outcome.isDone) throw new Error(`not reloaded: ${said.join('\n')}`);
}

/** So many graceful restarts, one after the other, under the load of 32 connections. Returns the load when it has stopped. */
export async function reloadUnderLoad(site: SurvivalSite, reloads: number): Promise<Load> {
  const load = startLoad({
    port: site.port,
    connections: 32,
    paths: reloadedPaths,
    pauseMs: 40,
    answersPerConnection: 40,
  });
  for (let turn = 1; turn <= reloads; turn += 1) {
    // Every other one changes nothing.
    site.writeSite(reloadedSite(site.folder, turn >> 1));
    await reloadSite(site);
  }
  await load.answeredMore(64);
  await load.stop();
  return load;
}

/** A script is written anew so many times under load, once with a mistake in it. */
export async function touchUnderLoad(site: SurvivalSite, script: string, touches: number): Promise<Load> {
  const path = `/same/${script.replace('.', '-')}`;
  const load = startLoad({ port: site.port, connections: 16, paths: [path], pauseMs: 20 });
  for (let turn = 1; turn <= touches; turn += 1) {
    const isBad = turn === touches >> 1;
    writeScript(site.folder, script, isBad ? "'broken" : `turn ${turn}`);
    // Two changes within one tick of the file system's clock would be one.
    const time = Date.now() / 1000 + turn;
    utimesSync(join(site.folder, script), time, time);
    if (isBad) await sleep(1_000);
    else while (!load.bodies.has(`turn ${turn}`)) await sleep(10);
  }
  await load.answeredMore(16);
  await load.stop();
  return load;
}
