import { expect, it } from 'vitest';
import { countFrontEnds } from '../../src/processes/front-end-count.js';

it.each([
  { processors: 1, daemonProcesses: 0, frontEnds: 1 },
  { processors: 1, daemonProcesses: 4, frontEnds: 1 },
  { processors: 2, daemonProcesses: 0, frontEnds: 2 },
  { processors: 2, daemonProcesses: 1, frontEnds: 1 },
  { processors: 3, daemonProcesses: 9, frontEnds: 2 },
  { processors: 8, daemonProcesses: 3, frontEnds: 5 },
  { processors: 8, daemonProcesses: 100, frontEnds: 4 },
])(
  'is $frontEnds for $daemonProcesses daemon processes on $processors processors',
  ({ processors, daemonProcesses, frontEnds }) => {
    expect(countFrontEnds(daemonProcesses, processors)).toBe(frontEnds);
  },
);
