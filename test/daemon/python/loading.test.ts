import { chmod, mkdir, rename, rm, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { app, DaemonProcess, endAll, type FrontEnd } from './daemon-process.js';

let daemon: DaemonProcess;
let frontEnd: FrontEnd;

beforeEach(async () => {
  daemon = await DaemonProcess.start({ threads: 3 });
  frontEnd = await daemon.connect();
});

afterEach(endAll);

const answer = (text: string) => `
def application(environ, start_response):
    start_response('200 OK', [('Content-Type', 'text/plain')])
    return [${text}]
`;

async function write(name: string, text: string | Buffer): Promise<string> {
  const path = join(daemon.folder, name);
  await writeFile(path, text);
  return path;
}

describe('a script file', () => {
  it('is loaded once, and knows where it is', async () => {
    const path = await write(
      'once.wsgi',
      `import sys\ncount = sys.__dict__.setdefault('n', 0)\n${answer('b"x"')}`,
    );
    expect((await frontEnd.get(path)).body).toBe('x');
    const { module } = JSON.parse((await frontEnd.get(app('environ.py'))).body);
    expect(module).toEqual([
      expect.stringMatching(/^_mod_wsgi_[0-9a-f]{32}$/),
      app('environ.py'),
      true,
      app('environ.py'),
    ]);
  });

  it('is loaded once when many first requests come together', async () => {
    const path = await write(
      'slow.py',
      `import time, os\ntime.sleep(0.2)\nloads = os.environ['LOADS'] = os.environ.get('LOADS', '') + 'x'\n${answer('loads.encode()')}`,
    );
    const exchanges = Array.from({ length: 3 }, () => frontEnd.request({ script: path }));
    for (const exchange of exchanges) expect((await exchange.done()).body).toBe('x');
  });

  it('is another module in another application group', async () => {
    const path = await write(
      'groups.py',
      `import mod_wsgi\ngroup = mod_wsgi.application_group\n${answer('(group + " " + __name__).encode()')}`,
    );
    const bodies: string[] = [];
    for (const applicationGroup of ['', 'a', 'b', 'a'])
      bodies.push((await frontEnd.get(path, { message: { applicationGroup } })).body);
    expect(bodies.map((body) => body.split(' ')[0])).toEqual(['', 'a', 'b', 'a']);
    expect(new Set(bodies).size).toBe(3);
  });

  it('may use dataclasses, which look their module up', async () => {
    const path = await write(
      'data.py',
      `from __future__ import annotations\nimport dataclasses\nfrom typing import ClassVar\n@dataclasses.dataclass\nclass Point:\n    x: int\n    kind: ClassVar[str] = 'p'\n${answer('repr(Point(1)).encode()')}`,
    );
    expect((await frontEnd.get(path)).body).toBe('Point(x=1)');
  });

  it('may be in any encoding that it declares', async () => {
    const latin1 = await write(
      'latin.py',
      Buffer.from(`# -*- coding: latin-1 -*-\ntext = 'é'\n${answer('text.encode("utf-8")')}`, 'latin1'),
    );
    expect(Buffer.from((await frontEnd.get(latin1)).body, 'latin1').toString()).toBe('é');
    const mark = await write('mark.py', `\ufeff${answer('b"mark"')}`);
    expect((await frontEnd.get(mark)).body).toBe('mark');
  });

  it('may have a name that is not ASCII', async () => {
    const path = await write('größe.py', answer('__file__.encode()'));
    const bytes = Buffer.from(path).toString('latin1');
    expect((await frontEnd.get(bytes)).body).toBe(bytes);
  });

  it('does not put its folder on the module path', async () => {
    await write('neighbour.py', 'x = 1');
    const exchange = await frontEnd.get(await write('imports.py', `import neighbour\n${answer('b""')}`));
    expect(exchange.abort?.code).toBe('error');
    expect(exchange.logText).toContain("No module named 'neighbour'");
  });

  it('leaves nothing behind when it fails, and is tried again', async () => {
    const path = await write('later.py', 'import sys\nraise ValueError("not yet")\n');
    for (let count = 0; count < 2; count += 1) {
      const exchange = await frontEnd.get(path);
      expect(exchange.abort?.code).toBe('error');
      expect(exchange.logs.map(({ line }) => line)).toEqual([
        `loading script file ${path} failed with ValueError`,
        'Traceback (most recent call last):',
        `  File "${path}", line 2, in <module>`,
        '    raise ValueError("not yet")',
        'ValueError: not yet',
      ]);
    }
    await write('later.py', answer('b"now"'));
    expect((await frontEnd.get(path)).body).toBe('now');
  });

  it('with a syntax error is reported with its place', async () => {
    const exchange = await frontEnd.get(app('broken-syntax.wsgi'));
    expect(exchange.abort?.code).toBe('error');
    expect(exchange.logs[0]?.line).toContain('failed with SyntaxError');
    expect(exchange.logText).toContain(`File "${app('broken-syntax.wsgi')}", line 2`);
    expect(exchange.logText).not.toContain('modhost_daemon');
  });

  it.each(['sys.exit(0)', 'raise KeyboardInterrupt', 'compile("\\0", "", "exec")'])(
    'that does %s fails like any other',
    async (statement) => {
      const exchange = await frontEnd.get(await write('exits.py', `import sys\n${statement}\n`));
      expect(exchange.abort?.code).toBe('error');
      expect((await frontEnd.get(app('callables.py'), { message: { callableName: 'main' } })).body).toBe(
        'main',
      );
    },
  );

  it('that holds a NUL is an error', async () => {
    const exchange = await frontEnd.get(await write('nul.py', 'x = 1\n\0\n'));
    expect(exchange.abort?.code).toBe('error');
    expect(exchange.logText).toMatch(/null bytes/);
  });

  it('must be a regular, readable file', async () => {
    const folder = join(daemon.folder, 'folder.wsgi');
    await mkdir(folder);
    for (const [path, reason] of [
      [join(daemon.folder, 'missing.wsgi'), 'No such file'],
      [folder, 'directory'],
      ['/dev/null', 'not a regular file'],
      [join(folder, 'x', 'y'), 'No such file'],
    ] as const) {
      const exchange = await frontEnd.get(path);
      expect(exchange.abort?.code).toBe('error');
      expect(exchange.logText).toMatch(new RegExp(`cannot read script file .*${reason}`, 'i'));
    }
    if (process.getuid?.() !== 0) {
      const path = await write('secret.py', answer('b""'));
      await chmod(path, 0);
      expect((await frontEnd.get(path)).logText).toContain('Permission denied');
    }
  });

  it('is no named pipe', async () => {
    const pipe = join(daemon.folder, 'pipe');
    const { execFileSync } = await import('node:child_process');
    execFileSync('mkfifo', [pipe]);
    expect((await frontEnd.get(pipe)).logText).toContain('not a regular file');
  });
});

describe('the callable', () => {
  const named = (callableName: string) => frontEnd.get(app('callables.py'), { message: { callableName } });

  it('may be any object', async () => {
    expect((await named('site')).body).toBe('site');
    expect((await named('main')).body).toBe('main');
  });

  it('that is missing is an error which names what is there', async () => {
    const exchange = await named('application');
    const sentence = `script file ${app('callables.py')} has no callable 'application'; callables it has: site, main`;
    expect(exchange.abort).toEqual({ code: 'error', sentence });
    expect(exchange.logs).toEqual([{ level: 'error', line: sentence }]);
  });

  it('must be callable', async () => {
    expect((await named('number')).abort?.sentence).toContain("'number' in script file");
    expect((await named('number')).abort?.sentence).toContain('is not callable but int');
  });

  it('is looked for at the top level only', async () => {
    expect((await named('site.__call__')).abort?.code).toBe('error');
  });

  it('of another interface is refused', async () => {
    for (const callInterface of ['fetch', 'node'] as const) {
      const exchange = await frontEnd.get(app('callables.py'), {
        message: { callInterface, callableName: 'main' },
      });
      expect(exchange.abort).toEqual({ code: 'error', sentence: expect.stringContaining('not for Python') });
    }
    const wsgi = await frontEnd.get(app('callables.py'), {
      message: { callInterface: 'wsgi', callableName: 'main' },
    });
    expect(wsgi.body).toBe('main');
  });
});

describe('reloading', () => {
  const check = { message: { checkScript: true } };

  const askedFor = async (path: string, times = 1): Promise<void> => {
    const wishes = () => daemon.controlMessages.filter(({ type }) => type === 'reload');
    await daemon.changed.until(() => wishes().length >= times, 'reload');
    expect(wishes().at(-1)).toEqual({ type: 'reload', reason: `${path} has changed` });
  };

  it.each([
    ['is newer', (path: string) => utimes(path, new Date(), new Date(Date.now() + 10_000))],
    ['is older', (path: string) => utimes(path, new Date(), new Date(1_000_000_000_000))],
    ['is gone', (path: string) => rm(path)],
    [
      'was replaced',
      async (path: string) => {
        await writeFile(`${path}.new`, answer('b"new"'));
        await utimes(`${path}.new`, 1, 1);
        await rename(`${path}.new`, path);
      },
    ],
  ])('is asked for when the file %s', async (_, change) => {
    const path = await write('app.py', answer('b"old"'));
    expect((await frontEnd.get(path, check)).body).toBe('old');
    expect((await frontEnd.get(path, check)).body).toBe('old');
    await change(path);
    expect((await frontEnd.get(path)).body).toBe('old');
    const blocked = frontEnd.request({ script: app('blocking.py'), path: '/wait', bodyFollows: true });
    await blocked.logged(/entered/);
    const noticed = frontEnd.get(path, check);
    await askedFor(path);
    // Until its successor is ready this process serves.
    expect((await frontEnd.get(path)).body).toBe('old');
    daemon.sendControl({ type: 'drain' });
    expect((await noticed).abort?.code).toBe('retry');
    await frontEnd.drained();
    // Open requests go on; new ones go elsewhere, on new connections too.
    expect((await frontEnd.get(path)).abort?.code).toBe('retry');
    const late = await daemon.connect();
    await late.drained();
    expect((await late.call(app('auth.py'))).abort?.code).toBe('retry');
    blocked.sendEnd();
    expect((await blocked.done()).ended).toBe(true);
    expect(await daemon.exit()).toBe(0);
  });

  it('is asked for by a call as well', async () => {
    const path = await write('users.py', 'def check_password(environ, user, password):\n    return True\n');
    expect((await frontEnd.call(path, { checkScript: true })).reply).toEqual({ kind: 'true' });
    await utimes(path, 1, 1);
    expect((await frontEnd.call(path, { checkScript: false })).reply).toEqual({ kind: 'true' });
    const noticed = frontEnd.call(path, { checkScript: true });
    await askedFor(path);
    daemon.sendControl({ type: 'drain' });
    expect((await noticed).abort?.code).toBe('retry');
    expect(await daemon.exit()).toBe(0);
  });

  it('goes on with what is loaded when the successor takes long', async () => {
    const path = await write('app.py', answer('b"old"'));
    await frontEnd.get(path, check);
    await utimes(path, 1, 1);
    expect((await frontEnd.get(path, check)).body).toBe('old');
    daemon.sendControl({ type: 'drain' });
    expect(await daemon.exit()).toBe(0);
  });

  it('goes on with what is loaded when the successor cannot start, until the file changes again', async () => {
    const path = await write('app.py', answer('b"old"'));
    await frontEnd.get(path, check);
    for (const round of [1, 2]) {
      await utimes(path, round, round);
      const noticed = frontEnd.get(path, check);
      await askedFor(path, round);
      daemon.sendControl({ type: 'keep' });
      expect((await noticed).body).toBe('old');
      expect((await frontEnd.get(path, check)).body).toBe('old');
    }
    await daemon.drain();
  });
});
