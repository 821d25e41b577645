import { EventEmitter, once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { IdleWatch, type Work } from '../../src/processes/idle-watch.js';

const nothing: Work = { isBusy: false, trace: '' };

/** A watch whose first look has begun, long enough ago. */
async function beginLook() {
  const events = new EventEmitter();
  const begun = once(events, 'begun');
  let told = 0;
  const watch = new IdleWatch(
    20,
    async () => {
      events.emit('begun');
      await once(events, 'finish');
      return nothing;
    },
    () => {
      told += 1;
    },
  );
  await begun;
  await sleep(30);
  return {
    watch,
    finish: async () => {
      events.emit('finish');
      await sleep(30);
      return told;
    },
  };
}

describe('IdleWatch', () => {
  it('tells once that nothing was done', async () => {
    const { finish } = await beginLook();
    expect(await finish()).toBe(1);
  });

  it('tells nothing after it was stopped, though it was looking just then', async () => {
    const { watch, finish } = await beginLook();
    watch.stop();
    expect(await finish()).toBe(0);
  });
});
