import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { hashPassword } from '../../src/htpasswd-auth/index.js';
import { projectRoot } from './installed.js';
import { makeFolder, removeFolder, startServer } from './server.js';

interface Visitors {
  readonly count: number;
  readonly p50: number;
  readonly statuses: Readonly<Record<string, number>>;
}

interface Measured {
  readonly quiet: Visitors;
  readonly burst: {
    readonly wrong: Readonly<Record<string, number>>;
    readonly logins: Readonly<Record<string, { readonly status: number; readonly ms: number }>>;
    readonly visitors: Visitors;
  };
  readonly flood: { readonly wrong: Readonly<Record<string, number>>; readonly visitors: Visitors };
}

/** As much as bench/guessing.mjs can send: 1500 wrong passwords at once, then up to 10 000 in a second. */
describe('a flood of wrong passwords', () => {
  it('costs neither those who log in nor those who want something else', async () => {
    const script = join(projectRoot, 'bench/guessing.mjs');
    const { stdout } = await promisify(execFile)(process.execPath, [script, '--seconds', '5']);
    const { quiet, burst, flood } = JSON.parse(stdout) as Measured;
    for (const visitors of [quiet, burst.visitors, flood.visitors]) {
      expect(Object.keys(visitors.statuses)).toEqual(['200']);
      expect(visitors.count).toBeGreaterThan(5);
    }
    for (const wrong of [burst.wrong, flood.wrong])
      for (const status of Object.keys(wrong)) expect(['401', '429', '503']).toContain(status);
    // There is nothing at that path: 404 is for those who have been let in.
    for (const { status, ms } of Object.values(burst.logins)) {
      expect(status).toBe(404);
      // To verify all of the wrong ones takes more than half a minute.
      expect(ms).toBeLessThan(15_000);
    }
  }, 180_000);
});

describe('the time that a refusal takes', () => {
  it('does not tell whether there is such a user', async () => {
    const folder = makeFolder();
    const hash = await hashPassword('secret', { kind: 'bcrypt', cost: 8 });
    writeFileSync(join(folder, 'htpasswd'), `bob:${hash}\namy:${hash}\n`);
    writeFileSync(join(folder, 'page'), 'in');
    const server = await startServer(
      'modhost',
      `
ServerLimit 1
AliasMatch ^ ${join(folder, 'page')}
<Location />
    AuthType Basic
    AuthName Private
    AuthUserFile ${folder}/htpasswd
    Require valid-user
    AuthThrottle Off
</Location>`,
      folder,
    );
    try {
      const timeOf = async (user: string, number: number): Promise<number> => {
        const authorization = `Basic ${Buffer.from(`${user}:wrong${number}`).toString('base64')}`;
        const started = performance.now();
        const response = await fetch(server.origin, { headers: { authorization } });
        await response.arrayBuffer();
        expect(response.status).toBe(401);
        return performance.now() - started;
      };
      await timeOf('bob', -1);
      const known: number[] = [];
      const unknown: number[] = [];
      // In turns, so that whatever else the machine does meets both.
      for (let number = 0; number < 60; number += 1) {
        known.push(await timeOf('bob', number));
        unknown.push(await timeOf('carl', number));
      }
      // Without the hash an unknown user would be answered ten times as fast.
      expect(medianOf(unknown) / medianOf(known)).toBeGreaterThan(0.6);
      expect(medianOf(unknown) / medianOf(known)).toBeLessThan(1.7);
    } finally {
      await server.stop();
      removeFolder(folder);
    }
  }, 60_000);
});

function medianOf(times: readonly number[]): number {
  return times.toSorted((a, b) => a - b)[times.length >> 1] ?? Number.NaN;
}
