import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

it('what the reader of REQUEST frames in Python remembers of some does not show in others, nor in broken ones', () => {
  const script = fileURLToPath(new URL('check_request_reader.py', import.meta.url));
  const lines = execFileSync('python3', [script], { encoding: 'utf8' }).trim().split('\n');
  expect(lines).toEqual([expect.stringMatching(/^1\d{4} read, \d{4} refused$/)]);
});
