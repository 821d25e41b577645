import { setTimeout as sleep } from 'node:timers/promises';

const lastWordsMs = 100;

/**
 * Waits for what a process has printed before it said that it failed, or ended: its pipes are read in any order, and whoever is told of the
 * failure wants to hear the reason, too.
 */
export async function hearLastWords(): Promise<void> {
  await sleep(lastWordsMs);
}
