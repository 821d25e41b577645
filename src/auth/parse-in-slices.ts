import { setImmediate as letOthersGo } from 'node:timers/promises';

/** Parsing that can pause after each step, which tells how many entries it has brought. */
export type ParseSteps<Content> = Generator<number, Content>;

/** So long nobody else gets a turn. */
const sliceMs = 10;
const stepsBetweenLooks = 64;

/** What the steps lead to, and how many entries that has; `too-many`: given up at more than `mostEntries`. Requests are served meanwhile. */
export async function parseInSlices<Content>(
  steps: ParseSteps<Content>,
  mostEntries: number,
): Promise<{ readonly content: Content; readonly entries: number } | 'too-many'> {
  let entries = 0;
  let sliceEnd = performance.now() + sliceMs;
  for (let taken = 1; ; taken += 1) {
    const step = steps.next();
    if (step.done) return { content: step.value, entries };
    entries += step.value;
    if (entries > mostEntries) return 'too-many';
    if (taken % stepsBetweenLooks !== 0 || performance.now() < sliceEnd) continue;
    await letOthersGo();
    sliceEnd = performance.now() + sliceMs;
  }
}
