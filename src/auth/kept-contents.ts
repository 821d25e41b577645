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

/**
 * Counts something that takes `weight` bytes. Of too many, the oldest makes room for it; of too many bytes, the heaviest, so that nobody's large files push
 * out everybody's small ones. Who makes room is told with `forget`.
 */
export function keepWithinBounds(weight: number, forget: () => void): Kept {
  const kept: Kept = { release: () => letGo(kept) };
  if (all.size >= mostKept) letGo(all.keys().next().value as Kept);
  all.set(kept, { weight, forget });
  keptBytes += weight;
  while (keptBytes > mostKeptBytes && all.size > 1) letGo(findHeaviest(kept));
  return kept;
}

function findHeaviest(besides: Kept): Kept {
  let heaviest: Kept = besides;
  let most = -1;
  for (const [kept, { weight }] of all) {
    if (kept === besides || weight <= most) continue;
    heaviest = kept;
    most = weight;
  }
  return heaviest;
}

function letGo(kept: Kept): void {
  const known = all.get(kept);
  if (known === undefined) return;
  all.delete(kept);
  keptBytes -= known.weight;
  known.forget();
}
