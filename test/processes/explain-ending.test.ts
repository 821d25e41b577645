import { expect, it } from 'vitest';
import { type EndingFacts, explainEnding } from '../../src/processes/explain-ending.js';

const served: EndingFacts = {
  code: null,
  signal: null,
  cause: undefined,
  isLeaving: false,
  hasBeenReady: true,
  isService: false,
  isOutOfHeap: false,
  hasUsedItsTime: false,
  hasMemoryKill: () => false,
};

it.each<[string, Partial<EndingFacts>, string]>([
  ['an exit code', { code: 3 }, 'exited with code 3'],
  ['an end as it was told', { code: 0, isLeaving: true }, 'exited with code 0'],
  ['work that is done', { code: 0, isService: true }, 'exited with code 0'],
  [
    'an end that nobody asked for',
    { code: 0 },
    'exited with code 0 (nobody here told it to: its application ended it, or SIGTERM from elsewhere)',
  ],
  [
    'a start that cannot be',
    { code: 78, hasBeenReady: false },
    'exited with code 78 (what WSGIDaemonProcess asks for cannot be done, as it says above)',
  ],
  ['the same code later', { code: 78 }, 'exited with code 78'],
  ['a signal', { signal: 'SIGSEGV' }, 'was ended by signal SIGSEGV'],
  ['a kill from outside', { signal: 'SIGKILL' }, 'was ended by signal SIGKILL'],
  [
    'a full heap',
    { signal: 'SIGABRT', isOutOfHeap: true },
    'was ended by signal SIGABRT (JavaScript found no more memory)',
  ],
  [
    'a full machine',
    { signal: 'SIGKILL', hasMemoryKill: () => true },
    'was ended by signal SIGKILL (the system had no memory left)',
  ],
  ['processor time at start', { signal: 'SIGXCPU' }, 'was ended by signal SIGXCPU (cpu-time-limit)'],
  [
    'processor time beyond its grace',
    { signal: 'SIGKILL', hasUsedItsTime: true },
    'was ended by signal SIGKILL (cpu-time-limit, and it did not end within shutdown-timeout)',
  ],
  [
    'what this server did, before anything else',
    { signal: 'SIGKILL', cause: 'did not end within shutdown-timeout', hasMemoryKill: () => true },
    'was ended by signal SIGKILL (did not end within shutdown-timeout)',
  ],
])('explains %s', (_, facts, reason) => {
  expect(explainEnding({ ...served, ...facts }).reason).toBe(reason);
});

it('blames nobody here for a kill without a reason only', () => {
  const killed = { ...served, signal: 'SIGKILL' } as const;
  expect(explainEnding(killed).isFromOutside).toBe(true);
  expect(explainEnding({ ...killed, hasMemoryKill: () => true }).isFromOutside).toBe(false);
  expect(explainEnding({ ...killed, cause: 'x' })).toMatchObject({ isFromOutside: false, isForced: true });
  expect(explainEnding({ ...served, signal: 'SIGSEGV' }).isFromOutside).toBe(false);
});
