import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { existsInside } from '../../src/processes/exists-inside.js';

describe('existsInside', () => {
  let root: string;

  beforeAll(() => {
    root = mkdtempSync(join(tmpdir(), 'modhost-inside-'));
    mkdirSync(join(root, 'srv/releases/5'), { recursive: true });
    writeFileSync(join(root, 'srv/releases/5/app.py'), '');
    const links = {
      'srv/current': '/srv/releases/5',
      'srv/near': 'releases/./5',
      'srv/file.py': '/srv/current/app.py',
      'srv/up.py': '../../../srv/near/../5/app.py',
      'srv/outside': root,
      'srv/circle': '/srv/circle',
    };
    for (const [name, target] of Object.entries(links)) symlinkSync(target, join(root, name));
  });
  afterAll(() => rmSync(root, { recursive: true }));

  it.each([
    ['/srv/releases/5/app.py', true],
    ['/srv/current/app.py', true],
    ['/srv/near/app.py', true],
    ['/srv/file.py', true],
    ['/srv/up.py', true],
    ['/srv/current/gone.py', false],
    // What they name is there outside only.
    ['/srv/outside/srv/file.py', false],
    ['/usr/bin/env', false],
    ['/srv/circle', false],
  ])('%s: %s', (name, isThere) => {
    expect(existsInside(root, name)).toBe(isThere);
  });

  it('asks the system where the root is its own', () => {
    expect(existsInside('/', join(root, 'srv/near/app.py'))).toBe(true);
    expect(existsInside('/', join(root, 'srv/current/app.py'))).toBe(false);
  });
});
