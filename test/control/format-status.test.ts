import { expect, it } from 'vitest';
import { formatPlan, formatStatus } from '../../src/control/index.js';

const now = 1_000_000_000_000;
const mebibyte = 2 ** 20;

const nobody = { granted: 0, failed: 0, delayed: 0, throttled: 0, overloaded: 0 };

/** What a front end thinks of two members, the first of which it may see differently. */
const membersAs = (state: string) => [
  { balancer: 'balancer://shop', member: 'http://a', state, busy: 1, elected: 3 },
  { balancer: 'balancer://shop', member: 'http://b', state: 'ok', busy: 0, elected: 2 },
];

it('shows processes, logins, members of balancers and what became of processes', () => {
  const logins = { granted: 5, failed: 3, delayed: 1, throttled: 2, overloaded: 0 };
  const text = formatStatus(
    {
      supervisor: { pid: 10, startedAt: now - 90_000, memory: 70 * mebibyte },
      frontEnds: [
        {
          pid: 11,
          state: 'serving',
          startedAt: now - 7_000_000,
          memory: 80 * mebibyte,
          counts: { active: 2, finished: 100, logins, members: membersAs('ok') },
        },
        { pid: 12, state: 'draining', startedAt: now - 8_000_000, memory: 0 },
        {
          pid: 13,
          state: 'serving',
          startedAt: now,
          memory: mebibyte,
          counts: { active: 0, finished: 0, logins: nobody, members: membersAs('unwell') },
        },
      ],
      groups: [
        {
          name: 'shop',
          runtime: 'python',
          size: 2,
          threads: 4,
          starts: 3,
          failure: 'could not load /app.py',
          endings: [{ at: now - 5_000, pid: 20, why: 'was ended by signal SIGKILL' }],
          processes: [
            { pid: 21, state: 'ready', startedAt: now, memory: mebibyte, active: 1, finished: 7 },
            { pid: 22, state: 'ready', startedAt: now - 200_000_000, memory: mebibyte },
          ],
        },
        { name: '%{GLOBAL}', runtime: 'node', size: 1, threads: null, starts: 0, endings: [], processes: [] },
      ],
    },
    now,
  );
  expect(text).toBe(`                PID  STATE          BUSY  REQUESTS  MEMORY  AGE
supervisor      10   serving                        70 MiB  90 s
front end       11   serving        2     100       80 MiB  116 min
front end       12   draining       ?     ?         0 MiB   2 h
front end       13   serving        0     0         1 MiB   0 s
shop/python     21   ready          1/4   7         1 MiB   0 s
shop/python     22   ready, silent  ?     ?         1 MiB   2 d
%{GLOBAL}/node  -    not running

logins: 5 granted, 3 failed (1 of them answered late), 2 refused as guesses, 0 refused as too many at once
balancer://shop: http://a: ok / unwell; 6 requests, 2 of them now
balancer://shop: http://b: ok; 4 requests, 0 of them now
shop/python cannot serve: it could not load /app.py
shop/python: 3 started so far; ended last:
  5 s ago, pid 20: was ended by signal SIGKILL
`);
});

it('tells a plan, one line for each thing', () => {
  expect(
    formatPlan([
      { what: 'listener', name: '*:80', change: 'unchanged', because: [] },
      {
        what: 'process group',
        name: 'a/python',
        change: 'replaced',
        because: ['threads 4 -> 5', 'environment'],
      },
      { what: 'front ends', name: '', change: 'replaced', because: [] },
    ]),
  ).toBe(
    'listener *:80: left alone\nprocess group a/python: replaced (threads 4 -> 5, environment)\nfront ends: replaced\n',
  );
});
