import type { ProcessGroup } from '../config/model.js';
import { toByteString } from '../http/index.js';

/** What a file is called inside the `chroot` of a group; undefined if it lies outside. Byte strings. */
export function nameInside({ chroot }: ProcessGroup, filename: string): string | undefined {
  if (chroot === undefined) return filename;
  const prefix = `${toByteString(chroot)}/`;
  return filename.startsWith(prefix) ? filename.slice(prefix.length - 1) : undefined;
}
