import type { Here } from './draft.js';
import type { Position } from './model.js';

/** A file that a directive names and that is opened later; `-t` looks whether that can go well. */
export interface FileReference {
  readonly use: 'passwords' | 'groups' | 'script' | 'login-script';
  /** Absolute. Behind the name of a script may stand more of a path. */
  readonly path: string;
  readonly position: Position;
  readonly directive: string;
}

/** Remembers a file for `-t`. */
export function noteFile(here: Here, use: FileReference['use'], path: string): void {
  const { directive, place } = here;
  here.draft.fileReferences.push({ use, path, position: place.position, directive });
}
