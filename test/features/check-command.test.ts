import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { projectRoot } from '../peers/installed.js';
import { findFreePort, makeFolder, removeFolder } from '../peers/server.js';

describe('modhost -t and config --resolved', () => {
  let folder = '';
  let port = 0;

  beforeAll(async () => {
    folder = makeFolder();
    mkdirSync(join(folder, 'conf'));
    port = await findFreePort();
  });
  afterAll(() => removeFolder(folder));

  function run(text: string, ...words: readonly string[]) {
    writeFileSync(join(folder, 'conf/site.conf'), text);
    const program = join(projectRoot, 'dist/main.js');
    const { status, stdout, stderr } = spawnSync(process.execPath, [program, '-d', folder, ...words], {
      encoding: 'utf8',
    });
    return { status, stdout, stderr: stderr.replaceAll(folder, '$ROOT') };
  }

  it('prints mistakes with their place, and ends with 1', () => {
    expect(run(`Listen ${port}\n  KeepAlve On\n`, '-t')).toEqual({
      status: 1,
      stdout: '',
      stderr: `$ROOT/conf/site.conf:2:3: error MH0401: KeepAlve: is not a known directive; did you mean 'KeepAlive'?
  2 |   KeepAlve On
    |   ^^^^^^^^
`,
    });
  });

  it('prints them as JSON on standard output, and nothing else', () => {
    const bad = run(`Listen ${port}\n  KeepAlve On\n`, '-t', '--json');
    expect(bad).toMatchObject({ status: 1, stderr: '' });
    expect(JSON.parse(bad.stdout)).toEqual([
      expect.objectContaining({ line: 2, column: 3, endColumn: 11, code: 'MH0401', suggestion: 'KeepAlive' }),
    ]);
    expect(run(`Listen ${port}\n`, '--json', '-t')).toEqual({ status: 0, stdout: '[]\n', stderr: '' });
  });

  it('warns of what would go wrong later, and ends with 0', async () => {
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(port, resolve));
    try {
      const { status, stderr } = run(
        `Listen ${port}\nWSGIScriptAlias / gone.py\n<Location /a>\nAuthUserFile conf/site.conf\n</Location>\n`,
        '-t',
      );
      expect(status).toBe(0);
      expect(stderr.match(/MH\d+/g)).toEqual(['MH0705', 'MH0702', 'MH0801', 'MH0704']);
      expect(stderr).toMatch(/Syntax OK\n$/);
    } finally {
      other.close();
    }
  });

  it('prints the resolved file', () => {
    const { status, stdout } = run(`Define P ${port}\nListen $\{P}\n`, 'config', '--resolved');
    expect(status).toBe(0);
    expect(stdout.replaceAll(folder, '$ROOT')).toBe(
      `ServerRoot "$ROOT"\n# $ROOT/conf/site.conf:2\nListen ${port}\n`,
    );
  });
});
