import { expect, it } from 'vitest';
import { createFairLine, type FairLine, type Place } from '../../src/auth/fair-line.js';

const limits = { tasks: 'checks', atOnce: 1, waitingPerClient: 3, waiting: 8, patienceMs: 60_000 };

/** A task that holds the line until it is ended. */
function occupy(line: FairLine): { end(): Promise<void> } {
  let end: () => void = () => {};
  const task = new Promise<void>((resolve) => {
    end = resolve;
  });
  const run = line.run(at('holder'), () => task);
  return {
    end: async () => {
      end();
      await run;
    },
  };
}

function at(client: string, user = 'bob', isKnown = false): Place {
  return { client, user, isKnown };
}

/** Who comes in which order, once the line is free. */
async function order(places: readonly Place[], given = limits): Promise<string[]> {
  const line = createFairLine(given);
  const holder = occupy(line);
  const served: string[] = [];
  const runs = places.map((place) =>
    line.run(place, async () => {
      served.push(`${place.client} ${place.user}`);
    }),
  );
  await holder.end();
  await Promise.all(runs);
  return served;
}

it('lets clients take turns, of each its users, of each user the requests as they came', async () => {
  const served = await order([at('a'), at('a'), at('a', 'amy'), at('b'), at('c'), at('b')]);
  expect(served).toEqual(['a bob', 'b bob', 'c bob', 'a amy', 'b bob', 'a bob']);
});

it('lets those who are known go first, but not always', async () => {
  const known = ['k1', 'k2', 'k3', 'k4', 'k5'].map((client) => at(client, 'bob', true));
  const served = await order([at('a'), at('b'), ...known]);
  expect(served.map((name) => name.charAt(0)).join('')).toBe('kkkakkb');
});

it('sends one away whose client has too many waiting, and nobody else', async () => {
  const line = createFairLine(limits);
  const holder = occupy(line);
  const runs = Array.from({ length: 4 }, () => line.run(at('a'), async () => 'done'));
  const other = line.run(at('b'), async () => 'done');
  expect(await runs[3]).toMatchObject({ kind: 'busy', status: 429, retryAfterSeconds: 2 });
  await holder.end();
  expect(await Promise.all([...runs.slice(0, 3), other])).toEqual(['done', 'done', 'done', 'done']);
});

it('sends strangers away when too many wait altogether, and lets the known wait', async () => {
  const line = createFairLine(limits);
  const holder = occupy(line);
  const strangers = Array.from({ length: 9 }, (_, n) => line.run(at(`s${n}`), async () => 'done'));
  const known = line.run(at('k', 'bob', true), async () => 'done');
  expect(await strangers[8]).toMatchObject({ kind: 'busy', status: 503 });
  await holder.end();
  expect(await known).toBe('done');
  await Promise.all(strangers);
});

it('lets nobody wait for ever, and does not serve who has given up', async () => {
  const line = createFairLine({ ...limits, patienceMs: 5 });
  const holder = occupy(line);
  let served = 0;
  const late = await line.run(at('a'), async () => {
    served += 1;
  });
  expect(late).toMatchObject({ kind: 'busy', status: 503, text: 'login refused: checks took too long' });
  await holder.end();
  expect(await line.run(at('b'), async () => 'next')).toBe('next');
  expect(served).toBe(0);
});

it('goes on after a task that failed', async () => {
  const line = createFairLine(limits);
  await expect(line.run(at('a'), () => Promise.reject(new Error('broken')))).rejects.toThrow('broken');
  expect(await line.run(at('a'), async () => 'next')).toBe('next');
});
