import { setTimeout as sleep } from 'node:timers/promises';
import { scripts } from './apps.js';
import { type Load, startLoad } from './load.js';
import type { SurvivalSite } from './site.js';

export function killedSite(folder: string): string {
  const mounts = scripts.map(
    (script) =>
      `WSGIScriptAlias /${script.replace('.', '-')} ${folder}/${script} process-group=shop application-group=%{GLOBAL}`,
  );
  return `WSGIDaemonProcess shop processes=3 threads=4
${mounts.join('\n')}`;
}

export interface KilledLoad {
  readonly load: Load;
  readonly killed: ReadonlySet<number>;
}

/**
 * A daemon process, whichever serves, is killed every 200 ms for so long, under the load of 32 connections. Those that start are
 * spared: on a slow machine none would ever be ready.
 */
export async function killUnderLoad(site: SurvivalSite, forMs: number): Promise<KilledLoad> {
  const paths = scripts.map((script) => `/${script.replace('.', '-')}`);
  const load = startLoad({ port: site.port, connections: 32, paths, pauseMs: 20 });
  const killed = new Set<number>();
  await load.answeredMore(100);
  const end = Date.now() + forMs;
  while (Date.now() < end) {
    const serving = site.daemons.filter((pid) =>
      new RegExp(`tid ${pid}\\] daemon process \\S+ is ready`).test(site.output),
    );
    const pid = serving[Math.floor(Math.random() * serving.length)];
    if (pid !== undefined) {
      process.kill(pid, 'SIGKILL');
      killed.add(pid);
    }
    await sleep(200);
  }
  await load.answeredMore(100);
  await load.stop();
  return { load, killed };
}
