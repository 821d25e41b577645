import { existsSync, lstatSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';

/** As many as Linux follows. */
const mostLinks = 40;

/** Whether there is a file of that name for a process whose root is `root`: symbolic links lead where they lead inside. */
export function existsInside(root: string, name: string): boolean {
  if (root === '/') return existsSync(name);
  const left = name.split('/').reverse();
  const way: string[] = [];
  for (let links = 0; left.length > 0; ) {
    const step = left.pop();
    if (step === '..') way.pop();
    if (step === undefined || step === '' || step === '.' || step === '..') continue;
    const target = readStep(join(root, ...way, step));
    if (target === undefined) return false;
    if (target === true) {
      way.push(step);
      continue;
    }
    links += 1;
    if (links > mostLinks) return false;
    if (target.startsWith('/')) way.length = 0;
    left.push(...target.split('/').reverse());
  }
  return true;
}

/** Where a symbolic link leads, true for anything else that is there. */
function readStep(file: string): string | true | undefined {
  try {
    return lstatSync(file).isSymbolicLink() ? readlinkSync(file) : true;
  } catch {
    return undefined;
  }
}
