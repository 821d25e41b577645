import { type Stats, statSync } from 'node:fs';

/** What lies at a path; undefined if nothing does or it cannot be told. Never throws, whatever the text holds. */
export function statPath(path: string): Stats | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false });
  } catch {
    return undefined;
  }
}
