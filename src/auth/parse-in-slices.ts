import { setImmediate as letOthersGo } from 'node:timers/promises';

/** Parsing that can pause after each step, which tells how many entries it has brought. */
export type ParseSteps<Content> = Generator<number, Content>;

/** So long nobody else gets a turn. */
const sliceMs = 10;
const stepsBetweenLooks = 16;

/** When whoever asked last may parse. */
let lastTurn: Promise<void> = Promise.resolve();

/**
 * What the steps lead to, and how many entries that has; `too-many`: given up at more than `mostEntries`. Requests are served meanwhile: of all
 * that is being parsed at the same time, one slice is between two looks at what else there is to do.
 */
export async function parseInSlices<Content>(
  steps: ParseSteps<Content>,
  mostEntries: number,
): Promise<{ readonly content: Content; readonly entries: number } | 'too-many'> {
  let entries = 0;
  await takeTurn();
  let sliceEnd = performance.now() + sliceMs;
  for (let taken = 1; ; taken += 1) {
    const step = steps.next();
    if (step.done) return { content: step.value, entries };
    entries += step.value;
    if (entries > mostEntries) return 'too-many';
    if (taken % stepsBetweenLooks !== 0 || performance.now() < sliceEnd) continue;
    await takeTurn();
    sliceEnd = performance.now() + sliceMs;
  }
}

function takeTurn(): Promise<void> {
  lastTurn = lastTurn.then(() => letOthersGo());
  return lastTurn;
}
