import type { ParseSteps } from '../../src/auth/parse-in-slices.js';

/** What all steps lead to, without pauses. */
export function parseWhole<Content>(steps: ParseSteps<Content>): Content {
  while (true) {
    const step = steps.next();
    if (step.done) return step.value;
  }
}
