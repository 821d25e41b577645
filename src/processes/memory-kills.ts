import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Tells whether the system has killed processes for want of memory since it was last asked. The kernel tells nobody whom it
 * killed, but counts per control group, and ours are the group's that we are in (cgroups(7)); without one, for the machine.
 */
export class MemoryKills {
  readonly #read: () => number;
  #known: number;

  /** `read`: the number of kills so far. */
  constructor(read: () => number = readMemoryKills) {
    this.#read = read;
    this.#known = read();
  }

  haveOccurred(): boolean {
    const before = this.#known;
    this.#known = this.#read();
    return this.#known > before;
  }
}

function readMemoryKills(): number {
  for (const file of [...countersOfGroup(readText('/proc/self/cgroup')), '/proc/vmstat']) {
    const count = /^oom_kill (\d+)$/m.exec(readText(file))?.[1];
    if (count !== undefined) return Number(count);
  }
  return 0;
}

/** Files that count for the control group; version 2 and 1. */
export function countersOfGroup(membership: string): string[] {
  const files: string[] = [];
  for (const line of membership.split('\n')) {
    const [, controllers, path = '/'] = /^\d+:([^:]*):(.*)$/.exec(line) ?? [];
    const [version2, version1] = ['/sys/fs/cgroup', '/sys/fs/cgroup/memory'];
    // In a container the path may be one of outside, where the folder itself is the group.
    if (controllers === '')
      files.push(join(version2, path, 'memory.events'), join(version2, 'memory.events'));
    if (controllers?.split(',').includes('memory'))
      files.push(join(version1, path, 'memory.oom_control'), join(version1, 'memory.oom_control'));
  }
  return files;
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'latin1');
  } catch {
    return '';
  }
}
