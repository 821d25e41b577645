import { readdirSync, rmSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';

/** Removes sockets `PREFIX.PID.….sock` whose supervisor was killed before it could do so itself. */
export function removeStaleSockets(prefix: string): void {
  const [folder, start] = [dirname(prefix), `${basename(prefix)}.`];
  for (const name of readdirSync(folder)) {
    if (!name.startsWith(start) || !name.endsWith('.sock')) continue;
    const [pid = ''] = name.slice(start.length).split('.');
    if (/^[1-9]\d*$/.test(pid) && !isAlive(Number(pid))) rmSync(join(folder, name), { force: true });
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // EPERM: somebody else's.
    return (error as NodeJS.ErrnoException).code !== 'ESRCH';
  }
}
