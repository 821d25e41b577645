/** What is kept until it is released, or has to make room. */
export interface Kept {
  /** It is not kept any more. */
  release(): void;
}

/** The files of so many users, each in a `.htaccess` of a folder of their own: of more, some are read anew when they are asked for. */
const mostKept = 1000;
const mostKeptBytes = 2 ** 27;

/** What all followers of this process keep, the oldest first. */
const all = new Map<Kept, { readonly weight: number; forget(): void }>();
let keptBytes = 0;

/** Counts something that takes `weight` bytes. What is oldest has to make room for it, and is told with `forget`. */
export function keepWithinBounds(weight: number, forget: () => void): Kept {
  const kept: Kept = { release: () => letGo(kept) };
  all.set(kept, { weight, forget });
  keptBytes += weight;
  for (const oldest of all.keys()) {
    if ((all.size <= mostKept && keptBytes <= mostKeptBytes) || oldest === kept) break;
    letGo(oldest);
  }
  return kept;
}

function letGo(kept: Kept): void {
  const known = all.get(kept);
  if (known === undefined) return;
  all.delete(kept);
  keptBytes -= known.weight;
  known.forget();
}
