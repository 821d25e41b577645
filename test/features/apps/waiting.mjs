/** Answers late, at length, when a file is there, or with long headers: whatever the end of the path says. */

import { existsSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

export default async (request, response) => {
  const [what, count] = request.url.replace(/^\//, '').split('/');
  if (what === 'header') response.setHeader('X-Long', 'x'.repeat(Number(count)));
  if (what === 'sleep') await sleep(Number(count) * 1000);
  while (what === 'until' && !existsSync(`${process.env.GATES}/${count}`)) await sleep(20);
  if (what === 'endless') {
    for (;;) if (!response.write('x'.repeat(65_536))) await new Promise((go) => response.once('drain', go));
  }
  if (what === 'pause') {
    response.write('begun');
    await sleep(Number(count) * 1000);
    return response.end(' and ended');
  }
  response.end('answered');
};
