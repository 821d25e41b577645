import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { statPath } from '../stat-path.js';

/** The file of a Python module by its dotted name, looked for in these directories; undefined if it is in none. */
export function findModule(name: string, directories: readonly string[]): string | undefined {
  if (!/^\w+(\.\w+)*$/.test(name)) return undefined;
  const path = name.replaceAll('.', '/');
  for (const directory of directories)
    for (const candidate of [join(directory, path, '__init__.py'), join(directory, `${path}.py`)])
      if (statPath(candidate)?.isFile()) return candidate;
  return undefined;
}

/** Where a virtual environment keeps what is installed in it. */
export function listSitePackages(home: string): readonly string[] {
  const library = join(home, 'lib');
  try {
    return readdirSync(library)
      .filter((name) => /^python3/.test(name))
      .map((name) => join(library, name, 'site-packages'));
  } catch {
    return [];
  }
}
