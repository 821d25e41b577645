import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ProcessGroup } from '../config/model.js';
import type { Runtime } from './daemon-pool.js';

const carriedFolder = fileURLToPath(new URL('../daemon/python', import.meta.url));

/** What launch.py has to know, and the interpreter with its arguments as they are inside. */
export interface Confinement {
  readonly spec: { readonly chroot: string; readonly carried?: string };
  readonly command: readonly string[];
}

/**
 * How a group with `chroot=` is started; undefined without. `command`: as it would be started outside. `hasAccount`: it gives up root.
 * @throws Error worded for the user if it cannot be confined: then it is not to run at all
 */
export function planConfinement(
  group: ProcessGroup,
  runtime: Runtime,
  command: readonly string[],
  hasAccount: boolean,
): Confinement | undefined {
  const { chroot, name } = group;
  if (chroot === undefined) return undefined;
  const refuse = (why: string): never => {
    throw new Error(`chroot=${chroot} of the process group '${name}' cannot be carried out: ${why}`);
  };
  if (process.getuid?.() !== 0) refuse('only root can do that, and this server was not started as root');
  if (!hasAccount) refuse('it takes an account that is not root: user=, or User');
  if (group.pythonModules !== undefined) refuse('ini= names modules outside of it');
  const [program = '', ...rest] = command;
  if (!isInside(chroot, program)) refuse(`there is no ${program} inside`);
  if (runtime === 'python') return { spec: { chroot, carried: carriedFolder }, command: [program] };
  const daemon = rest.at(-1) ?? '';
  if (!isInside(chroot, daemon)) refuse(`JavaScript needs modhost itself inside, and there is no ${daemon}`);
  return { spec: { chroot }, command };
}

/** A path, or the name of a program on the way that PATH says. */
function isInside(chroot: string, program: string): boolean {
  if (program.includes('/')) return existsSync(join(chroot, program));
  const folders = (process.env.PATH ?? '/usr/local/bin:/usr/bin:/bin').split(':');
  return folders.some((folder) => existsSync(join(chroot, folder, program)));
}

/** What a file is called inside the `chroot=` of a group; undefined if it lies outside: its processes cannot see it. */
export function nameInside({ chroot = '' }: { readonly chroot?: string }, file: string): string | undefined {
  return file.startsWith(`${chroot}/`) ? file.slice(chroot.length) : undefined;
}

/** What a file of that name inside is called outside. */
export function nameOutside({ chroot = '' }: { readonly chroot?: string }, name: string): string {
  return chroot + name;
}
