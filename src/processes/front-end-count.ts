import { availableParallelism } from 'node:os';

/**
 * How many front ends there are where ServerLimit does not say it: as many as leave each daemon process a processor of its own, but no fewer than one for
 * every two processors. They hand requests to each other faster if they need not take turns on one processor, and a front end serves
 * more than any application does. Processes that start on demand count, too: front ends do not make room for them later.
 */
export function countFrontEnds(daemonProcesses: number, processors = availableParallelism()): number {
  return Math.max(Math.ceil(processors / 2), processors - daemonProcesses);
}
