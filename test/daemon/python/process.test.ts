import { readFileSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { FrameType } from '../../../src/wire/index.js';
import { encodeFrame } from '../../wire/encode-frame.js';
import { app, DaemonProcess, type Exchange, endAll, type FrontEnd, token } from './daemon-process.js';

afterEach(endAll);

function block(frontEnd: FrontEnd): Exchange {
  return frontEnd.request({ script: app('blocking.py'), path: '/wait', bodyFollows: true });
}

async function ask(frontEnd: FrontEnd, path: string, query = ''): Promise<string> {
  const exchange = await frontEnd.get(app('process.py'), { path, query });
  expect(exchange.logText).toBe('');
  expect(exchange.ended).toBe(true);
  return exchange.body;
}

describe('the start message', () => {
  it.each([
    ['is not JSON', 'start!\n'],
    ['is no object', '[1]\n'],
    ['is another message', '{"type":"drain"}\n'],
    ['has no token', '{"type":"start","threads":1}\n'],
    ['has threads that are no number', '{"type":"start","token":"t","threads":"4"}\n'],
    ['has less than no threads', '{"type":"start","token":"t","threads":-1}\n'],
    ['has a home that is not there', '{"type":"start","token":"t","home":"/no/such/folder"}\n'],
    ['has a path that is no list', '{"type":"start","token":"t","pythonPath":"/a:/b"}\n'],
    ['has a preload without a script', '{"type":"start","token":"t","preload":[{}]}\n'],
  ])('that %s ends the process with 78', async (_, line) => {
    const daemon = await DaemonProcess.spawn();
    daemon.control.write(line);
    expect(await daemon.exit()).toBe(78);
    expect(daemon.stderr).toMatch(/^modhost: cannot start: /);
    expect(daemon.controlMessages).toEqual([]);
  });

  it('that never comes ends it with 0', async () => {
    const daemon = await DaemonProcess.spawn();
    daemon.control.end();
    expect(await daemon.exit()).toBe(0);
    expect(daemon.stderr).toBe('');
  });

  it('may arrive in pieces, with the next line behind it', async () => {
    const daemon = await DaemonProcess.spawn();
    for (const piece of ['{"type":"sta', 'rt","token":"t","threads":1}\n{"type"', ':"drain"}\n']) {
      daemon.control.write(piece);
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(await daemon.exit()).toBe(0);
  });

  it('may leave out what has a default', async () => {
    const daemon = await DaemonProcess.spawn();
    daemon.sendControl({ type: 'start', token });
    await daemon.changed.until(() => daemon.controlMessages.length > 0, 'ready');
    expect((await daemon.connect()).hello?.get('threads')).toBe('15');
    await daemon.drain();
  });
});

describe('the environ', () => {
  it('has what the front end sent and what the daemon adds', async () => {
    const daemon = await DaemonProcess.start({ group: 'site', threads: 5, multiprocess: true, processes: 3 });
    const frontEnd = await daemon.connect();
    const before = Date.now() / 1000;
    const exchange = await frontEnd.get(app('environ.py'), {
      path: '/\xc3\xa9',
      environ: {
        HTTP_X_BYTES: '\xff\xfe',
        DOCUMENT_ROOT: '/srv/\xc3\xa9',
        HTTPS: 'On',
        'mod_wsgi.process_group': 'site',
        'mod_wsgi.request_start': '1700000000.25',
        'mod_wsgi.queue_start': 'nonsense',
        'wsgi.multithread': 'sent by mistake',
      },
      message: { applicationGroup: 'www.example.com|' },
    });
    const { environ, mod_wsgi, apache, argv } = JSON.parse(exchange.body);
    expect(environ.PATH_INFO).toEqual(["'/\xc3\xa9'", 'str']);
    expect(environ.HTTP_X_BYTES).toEqual(["'\xff\xfe'", 'str']);
    expect(environ.DOCUMENT_ROOT).toEqual(["'/srv/é'", 'str']);
    expect(environ.SERVER_PORT).toEqual(["'80'", 'str']);
    expect(environ.HTTPS).toBeUndefined();
    expect(environ['wsgi.version']).toEqual(['(1, 0)', 'tuple']);
    expect(environ['wsgi.url_scheme']).toEqual(["'https'", 'str']);
    expect(environ['wsgi.multithread']).toEqual(['True', 'bool']);
    expect(environ['wsgi.multiprocess']).toEqual(['True', 'bool']);
    expect(environ['wsgi.run_once']).toEqual(['False', 'bool']);
    expect(environ['wsgi.input_terminated']).toEqual(['True', 'bool']);
    expect(environ['mod_wsgi.version']).toEqual(['(6, 0, 0)', 'tuple']);
    expect(environ['apache.version']).toEqual(['(2, 4, 0)', 'tuple']);
    expect(environ['mod_wsgi.thread_id']).toEqual(['1', 'int']);
    expect(environ['mod_wsgi.request_start']).toEqual(['1700000000.25', 'float']);
    expect(environ['mod_wsgi.queue_start']).toBeUndefined();
    const [arrived, started] = [environ['mod_wsgi.daemon_start'], environ['mod_wsgi.application_start']].map(
      ([value]) => Number(value),
    );
    expect(arrived).toBeGreaterThan(before - 1);
    expect(started).toBeGreaterThanOrEqual(arrived ?? Number.NaN);
    expect(mod_wsgi).toEqual([[6, 0, 0], 'site', 'www.example.com|', 3, 5, true, 'www.example.com|']);
    expect(apache).toEqual([2, 4, 0]);
    expect(argv).toEqual(['mod_wsgi']);
    await daemon.drain();
  });

  it.each([
    ['on', 'https'],
    ['ON', 'https'],
    ['1', 'https'],
    ['off', 'http'],
    ['0', 'http'],
    ['', 'http'],
  ])('with HTTPS %j has the scheme %s', async (https, scheme) => {
    const daemon = await DaemonProcess.start({ threads: 1 });
    const exchange = await (await daemon.connect()).get(app('environ.py'), { environ: { HTTPS: https } });
    const { environ } = JSON.parse(exchange.body);
    expect(environ['wsgi.url_scheme'][0]).toBe(`'${scheme}'`);
    expect(environ.HTTPS).toBeUndefined();
    expect(environ['wsgi.multithread'][0]).toBe('False');
    expect(environ['wsgi.multiprocess'][0]).toBe('False');
    await daemon.drain();
  });
});

describe('the module path', () => {
  it('begins with home, then pythonPath and its .pth files in order, and has nothing of ours', async () => {
    const daemon = await DaemonProcess.spawn();
    const [home, first, second, extra] = ['home', 'first', 'second', 'extra'].map((name) =>
      join(daemon.folder, name),
    ) as [string, string, string, string];
    for (const folder of [home, first, second, extra]) await mkdir(folder);
    await writeFile(join(first, 'more.pth'), `${extra}\n`);
    daemon.sendStart({ home, pythonPath: [first, '/no/such/folder', second] });
    await daemon.changed.until(() => daemon.controlMessages.length > 0, 'ready');
    const frontEnd = await daemon.connect();
    const { path } = JSON.parse((await frontEnd.get(app('environ.py'))).body);
    expect(path.slice(0, 5)).toEqual([home, first, extra, '/no/such/folder', second]);
    expect(path.filter((item: string) => item.includes('daemon/python'))).toEqual([]);
    expect(path).not.toContain('');
    expect(await ask(frontEnd, '/cwd')).toBe(home);
    await daemon.drain();
  });
});

describe('the display name', () => {
  it('is what ps shows, as far as there is room', async () => {
    for (const displayName of ['(wsgi:site)', 'x'.repeat(5000)]) {
      const daemon = await DaemonProcess.start({ displayName });
      const shown = readFileSync(`/proc/${daemon.pid}/cmdline`, 'latin1').replace(/\0+$/, '');
      expect(displayName.startsWith(shown)).toBe(true);
      expect(shown.length).toBeGreaterThanOrEqual(Math.min(displayName.length, 40));
      // The memory behind it is unharmed.
      expect(await ask(await daemon.connect(), '/cwd')).toBe(process.cwd());
      await daemon.drain();
    }
  });
});

describe('preloading', () => {
  it('is over when ready is sent', async () => {
    const script = app('printing.py');
    const daemon = await DaemonProcess.start({
      preload: [
        { script, applicationGroup: '' },
        { script, applicationGroup: 'other' },
      ],
    });
    expect(daemon.controlMessages).toEqual([
      { type: 'loaded', script, applicationGroup: '' },
      { type: 'loaded', script, applicationGroup: 'other' },
      { type: 'ready' },
    ]);
    await daemon.changed.until(() => daemon.stdout.length > 30, 'output');
    expect(daemon.stdout).toBe('printed while loading\nprinted while loading\n');
    await daemon.drain();
  });

  it('that fails is logged, does not prevent ready, and is tried again', async () => {
    const daemon = await DaemonProcess.start({
      preload: [
        { script: app('raises.py'), applicationGroup: '' },
        { script: '/no/such/script.wsgi', applicationGroup: '' },
        { script: app('broken-syntax.wsgi'), applicationGroup: '' },
        { script: app('callables.py'), applicationGroup: '' },
      ],
    });
    expect(daemon.controlMessages).toEqual([
      { type: 'loaded', script: app('callables.py'), applicationGroup: '' },
      {
        type: 'ready',
        failed: [app('raises.py'), '/no/such/script.wsgi', app('broken-syntax.wsgi')],
      },
    ]);
    await daemon.changed.until(() => daemon.stderr.includes('SyntaxError:'), 'the log');
    expect(daemon.stderr).toContain(`loading script file ${app('raises.py')} failed with RuntimeError\n`);
    expect(daemon.stderr).toContain('RuntimeError: cannot be loaded\n');
    expect(daemon.stderr).toContain('cannot read script file /no/such/script.wsgi: No such file');
    expect(daemon.stderr).not.toContain('modhost_daemon');
    const frontEnd = await daemon.connect();
    expect((await frontEnd.get(app('raises.py'))).abort?.code).toBe('error');
    expect((await frontEnd.get(app('callables.py'), { message: { callableName: 'main' } })).body).toBe(
      'main',
    );
    await daemon.drain();
  });

  it('that hangs does not keep SIGTERM from ending the process', async () => {
    const daemon = await DaemonProcess.spawn();
    daemon.sendStart({
      preload: [{ script: app('hangs.py'), applicationGroup: '' }],
      shutdownTimeoutMs: 300,
    });
    await daemon.changed.until(() => daemon.stdout.includes('hanging'), 'the hanging script');
    daemon.signal('SIGTERM');
    expect(await daemon.exit()).toBe(1);
    expect(daemon.controlMessages).toEqual([]);
  });
});

describe('drain', () => {
  const ways: [string, (daemon: DaemonProcess) => void][] = [
    ['the control channel', (daemon) => daemon.sendControl({ type: 'drain' })],
    ['SIGTERM', (daemon) => daemon.signal('SIGTERM')],
    ['SIGINT', (daemon) => daemon.signal('SIGINT')],
    ['the end of the control channel', (daemon) => daemon.control.end()],
  ];
  it.each(ways)('by %s finishes what is open and takes nothing new', async (_, begin) => {
    const daemon = await DaemonProcess.start({ threads: 1 });
    const frontEnds = [await daemon.connect(), await daemon.connect()] as const;
    const running = block(frontEnds[0]);
    await running.logged(/entered/);
    const queued = frontEnds[1].request({ script: app('blocking.py'), path: '/note', query: 'queued' });
    await frontEnds[1].confirm();
    begin(daemon);
    await Promise.all(frontEnds.map((frontEnd) => frontEnd.drained()));
    const refused = await frontEnds[0].get(app('blocking.py'), { path: '/note' });
    expect(refused.abort?.code).toBe('retry');
    expect(daemon.exitCode).toBeUndefined();
    running.sendEnd();
    expect((await running.done()).ended).toBe(true);
    expect((await queued.done()).ended).toBe(true);
    expect(await daemon.exit()).toBe(0);
    expect(daemon.stderr).toBe('');
  });

  it('answers what crosses DRAIN with retry before the process ends', async () => {
    const daemon = await DaemonProcess.start();
    const frontEnd = await daemon.connect();
    frontEnd.answersPings = false;
    daemon.sendControl({ type: 'drain' });
    await frontEnd.drained();
    await frontEnd.changed.until(() => frontEnd.pings.length > 0, 'PING');
    // As if these had been on their way: DRAIN was not read before they were sent.
    const crossing = await frontEnd.get(app('blocking.py'), { path: '/note' });
    expect(crossing.abort?.code).toBe('retry');
    for (const ping of frontEnd.pings) frontEnd.send(encodeFrame(FrameType.pong, 0, ping));
    expect(await daemon.exit()).toBe(0);
  });

  it('does not wait long for a front end that does not answer', async () => {
    const daemon = await DaemonProcess.start();
    const frontEnd = await daemon.connect();
    frontEnd.answersPings = false;
    await daemon.drain();
  });

  it('sends everything before the process ends', async () => {
    const daemon = await DaemonProcess.start();
    const frontEnd = await daemon.connect();
    const exchange = frontEnd.request({ script: app('streams.py'), path: '/large', query: '160' });
    await exchange.received(1);
    daemon.sendControl({ type: 'drain' });
    await exchange.done();
    expect(exchange.bodyBytes).toBe(160 * 65_536);
    expect(exchange.ended).toBe(true);
    expect(await daemon.exit()).toBe(0);
  });
});

describe('SIGTERM', () => {
  it('ends with 1 when a request is not over after shutdownTimeoutMs', async () => {
    const daemon = await DaemonProcess.start({ shutdownTimeoutMs: 300 });
    const frontEnd = await daemon.connect();
    const stuck = block(frontEnd);
    await stuck.logged(/entered/);
    const started = performance.now();
    daemon.signal('SIGTERM');
    expect(await daemon.exit()).toBe(1);
    expect(performance.now() - started).toBeGreaterThanOrEqual(290);
    expect(stuck.isLost).toBe(true);
  });

  it('ends a drain that takes too long', async () => {
    const daemon = await DaemonProcess.start({ shutdownTimeoutMs: 300 });
    const frontEnd = await daemon.connect();
    const stuck = block(frontEnd);
    await stuck.logged(/entered/);
    daemon.sendControl({ type: 'drain' });
    await frontEnd.drained();
    daemon.signal('SIGTERM');
    expect(await daemon.exit()).toBe(1);
  });

  it('before the start message ends with 0', async () => {
    const daemon = await DaemonProcess.spawn();
    daemon.control.write('{"type":');
    await expect.poll(() => daemon.catches(15), { timeout: 10_000 }).toBe(true);
    daemon.signal('SIGTERM');
    expect(await daemon.exit()).toBe(0);
  });
});

describe('the end of the process', () => {
  it('runs exit handlers and waits for threads of the application', async () => {
    const daemon = await DaemonProcess.start();
    const frontEnd = await daemon.connect();
    const path = join((await DaemonProcess.spawn()).folder, 'file');
    await ask(frontEnd, '/atexit', path);
    await ask(frontEnd, '/thread', path);
    await daemon.drain();
    expect(await readFile(path, 'utf8')).toBe('worked\nleft\n');
  });

  it('runs exit handlers while a request is stuck', async () => {
    const daemon = await DaemonProcess.start({ shutdownTimeoutMs: 300 });
    const frontEnd = await daemon.connect();
    const path = join((await DaemonProcess.spawn()).folder, 'file');
    await ask(frontEnd, '/atexit', path);
    await block(frontEnd).logged(/entered/);
    daemon.signal('SIGTERM');
    expect(await daemon.exit()).toBe(1);
    expect(await readFile(path, 'utf8')).toBe('left\n');
  });

  it.each(['/atexit_hangs', '/thread_hangs'])('does not wait for ever: %s', async (path) => {
    const daemon = await DaemonProcess.start({ shutdownTimeoutMs: 600 });
    await ask(await daemon.connect(), path);
    daemon.sendControl({ type: 'drain' });
    expect(await daemon.exit()).toBe(1);
    expect(daemon.stderr).toContain('did not end in time');
  });
});

describe('an application', () => {
  it('cannot take over signals', async () => {
    const daemon = await DaemonProcess.start();
    const frontEnd = await daemon.connect();
    const exchange = await frontEnd.get(app('process.py'), { path: '/signal' });
    expect(exchange.body).toBe('True');
    expect(exchange.logText).toMatch(/signal\.signal\(.*\) is ignored here.*process\.py:\d+/);
    daemon.signal('SIGTERM');
    expect(await daemon.exit()).toBe(0);
  });

  it('survives SIGHUP and SIGUSR2', async () => {
    const daemon = await DaemonProcess.start();
    expect(await ask(await daemon.connect(), '/hangup')).toBe('alive');
    await daemon.drain();
  });

  it('starts programs that inherit nothing of ours', async () => {
    const daemon = await DaemonProcess.start();
    const inherited = JSON.parse(await ask(await daemon.connect(), '/descriptors')) as number[];
    // 3 is the folder that the listing itself has open; above 99 is what the test's own surroundings leave open.
    expect(inherited.filter((descriptor) => descriptor < 100)).toEqual([0, 1, 2, 3]);
    await daemon.drain();
  });

  it('may fork children that leave this process alone', async () => {
    const daemon = await DaemonProcess.start();
    const frontEnd = await daemon.connect();
    expect(await ask(frontEnd, '/fork')).toBe('15');
    expect(await ask(frontEnd, '/fork_returns')).toBe('parent 0');
    await ask(frontEnd, '/fork_prints');
    await daemon.changed.until(() => daemon.stdout.includes('from the child\n'), 'output of the child');
    expect(frontEnd.drains).toBe(0);
    expect(daemon.exitCode).toBeUndefined();
    await daemon.drain();
  });
});
