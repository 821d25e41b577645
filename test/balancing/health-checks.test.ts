import { describe, expect, it } from 'vitest';
import {
  BalancerTable,
  type CheckedAnswer,
  judgeAnswer,
  startHealthChecks,
} from '../../src/balancing/index.js';
import type { HealthCheck } from '../../src/config/model.js';
import { parseCondition } from '../../src/expressions/index.js';
import { makeBalancer, makeConfig, makeMember } from './site.js';

const check: HealthCheck = {
  method: 'GET',
  httpVersion: '1.0',
  uri: '/health',
  intervalMs: 100,
  passes: 2,
  fails: 2,
};

const answer = (status: number, body = ''): CheckedAnswer => ({
  kind: 'answered',
  status,
  headers: ['X-State', 'calm'],
  body,
});

function expecting(text: string): HealthCheck {
  const parsed = parseCondition(text);
  if (parsed.kind !== 'parsed') throw new Error(parsed.message);
  return { ...check, condition: { name: 'mine', condition: parsed.value, position: { file: 'f', line: 1 } } };
}

describe('the answer to a health check', () => {
  it.each([
    [answer(200), check, undefined],
    [answer(302), check, undefined],
    [answer(404), check, 'status 404'],
    [answer(503), check, 'status 503'],
    [{ kind: 'silent', reason: 'no connection' } as const, check, 'no connection'],
    [{ kind: 'connected' } as const, { ...check, method: 'TCP' } as const, undefined],
    [answer(404), expecting('%{REQUEST_STATUS} =~ /^[234]/'), undefined],
    [answer(200, 'under maintenance'), expecting("hc('body') !~ /maintenance/"), /mine does not hold/],
    [answer(200, 'all well'), expecting("hc('body') !~ /maintenance/"), undefined],
    [answer(200), expecting("resp('X-State') == 'calm'"), undefined],
    [answer(200), expecting("hc('other') == ''"), undefined],
  ])('%j', (given, how, problem) => {
    const found = judgeAnswer(given, how);
    if (problem instanceof RegExp) expect(found).toMatch(problem);
    else expect(found).toBe(problem);
  });
});

it('settles a member after so many answers in a row, and says so once', async () => {
  const balancer = makeBalancer([makeMember('a', { check })]);
  const config = makeConfig(balancer);
  const news: string[] = [];
  const table = new BalancerTable(config, ({ found }) => news.push(found.kind));
  const answers = [500, 200, 500, 500, 500, 200, 200, 200].map((status) => answer(status));
  const lines: string[] = [];
  const states: boolean[] = [];
  await new Promise<void>((resolve) => {
    const stop = startHealthChecks(config, table, {
      ask: async ({ isUnwell }) => {
        states.push(isUnwell);
        const next = answers.shift();
        if (next !== undefined) return next;
        stop();
        resolve();
        return answer(200);
      },
      log: (_host, level, text) => lines.push(`${level} ${text}`),
    });
    // Checks alone keep no process alive.
    const alive = setInterval(() => {}, 1_000);
    setTimeout(() => clearInterval(alive), 5_000).unref();
  });
  expect(states).toEqual([false, false, false, false, true, true, true, false, false]);
  expect(lines).toEqual([
    'error AH03303: http://a of balancer://all is not asked any more: its health check failed: status 500',
    'info AH03302: http://a of balancer://all is well again',
  ]);
  expect(news.slice(0, 4)).toEqual(['unwell', 'unwell', 'well', 'well']);
});
