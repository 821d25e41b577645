import { readdirSync, readFileSync } from 'node:fs';

export interface ProcessMemory {
  readonly pid: number;
  readonly command: string;
  /** The most that was ever resident at once, in bytes: nothing is missed between two looks. */
  readonly peakBytes: number;
}

/** The process and all its descendants. */
export function readMemory(root: number): ProcessMemory[] {
  const parents = new Map(listProcesses().map((pid) => [pid, readParent(pid)]));
  const belongs = (pid: number | undefined): boolean =>
    pid !== undefined && (pid === root || belongs(parents.get(pid)));
  return [...parents.keys()].filter(belongs).flatMap(readProcess);
}

function listProcesses(): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number);
}

function readParent(pid: number): number | undefined {
  const parent = Number(/^PPid:\s+(\d+)/m.exec(readText(`/proc/${pid}/status`))?.[1]);
  return parent > 0 ? parent : undefined;
}

function readProcess(pid: number): ProcessMemory[] {
  const kilobytes = /^VmHWM:\s+(\d+) kB/m.exec(readText(`/proc/${pid}/status`))?.[1];
  const command = readText(`/proc/${pid}/cmdline`).replaceAll('\0', ' ').trim();
  return kilobytes === undefined ? [] : [{ pid, command, peakBytes: Number(kilobytes) * 1024 }];
}

/** Empty when the process has ended meanwhile. */
function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
