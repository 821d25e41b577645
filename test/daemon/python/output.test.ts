import { afterEach, describe, expect, it } from 'vitest';
import { app, DaemonProcess, endAll } from './daemon-process.js';

afterEach(endAll);

describe('what an application prints', () => {
  it('while serving goes to the log of its request, line by line', async () => {
    const daemon = await DaemonProcess.start({
      preload: [{ script: app('printing.py'), applicationGroup: '' }],
    });
    const frontEnd = await daemon.connect();
    const exchange = await frontEnd.get(app('printing.py'));
    expect(exchange.body).toBe('utf-8 False 2');
    expect(exchange.logs.map(({ line }) => line)).toEqual([
      'to stdout',
      'to stderr',
      'to errors',
      'lines 1',
      'lines 2',
      'bytes',
      'bytearray',
      'memoryview',
      'stdout buffer \ufffd',
      'two',
      'lines',
      'half a line',
      'other line',
      '€ \\udc80 \\ud800',
      'tail of errors',
      'tail of stderr',
    ]);
    expect(new Set(exchange.logs.map(({ level }) => level))).toEqual(new Set(['error']));
    await daemon.changed.until(() => daemon.stdout.includes('from a thread'), 'output of the thread');
    expect(daemon.stdout).toBe('printed while loading\nfrom a thread\n');
    expect(daemon.stderr).toBe('');
    await daemon.drain();
  });

  it('while its script is loaded for a request goes there too', async () => {
    const daemon = await DaemonProcess.start();
    const exchange = await (await daemon.connect()).get(app('printing.py'));
    expect(exchange.logs[0]).toEqual({ level: 'error', line: 'printed while loading' });
    await daemon.drain();
  });

  it('may go through all members of a text stream', async () => {
    const daemon = await DaemonProcess.start();
    const exchange = await (await daemon.connect()).get(app('printing.py'), {
      message: { callableName: 'text_stream' },
    });
    expect(exchange.body).toBe(
      "[True, 'utf-8', 'backslashreplace', True, False, False, False, True, False, None]",
    );
    expect(exchange.logs.slice(1).map(({ line }) => line)).toEqual(['in a block', 'no descriptor']);
    await daemon.drain();
  });

  it('is cut when a line does not end', async () => {
    const daemon = await DaemonProcess.start();
    const exchange = await (await daemon.connect()).get(app('printing.py'), {
      message: { callableName: 'long_line' },
    });
    const lines = exchange.logs.slice(1).map(({ line }) => line.length);
    expect(lines).toEqual([65_536, 65_536, 18_928]);
    await daemon.drain();
  });
});
