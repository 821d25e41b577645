import { describe, expect, it } from 'vitest';
import { TestDaemon } from './daemon-client.js';
import { hostDaemon } from './hosted-daemon.js';

const hosted = hostDaemon();

let count = 0;
function handler(body: string, head = ''): string {
  count += 1;
  return hosted.folder.write(`${count}.mjs`, `${head}\nexport default async (req, res) => {\n${body}\n}`);
}

describe('what is printed while a request is served', () => {
  it('goes to its log, line by line, from wherever it is printed', async () => {
    const exchange = hosted.frontEnd.request(
      handler(`
      console.log('log\\nof two lines'); console.error('error'); process.stdout.write('half '); process.stdout.write(Buffer.from('and half\\r\\n'));
      await new Promise((r) => setTimeout(() => { console.info('timer'); r() }, 2));
      await new Promise((r) => process.nextTick(() => { console.warn('tick'); r() })); await Promise.resolve().then(() => console.log('gr\u00fc\u00dfe'));
      await new Promise((resolve) => process.stdout.write('callback\\n', resolve));
      console.log(); process.stderr.write('unfinished');
      res.end();`),
    );
    await exchange.answer();
    expect(exchange.logs).toEqual([
      'log',
      'of two lines',
      'error',
      'half and half',
      'timer',
      'tick',
      'gr\u00fc\u00dfe',
      'callback',
      '',
      'unfinished',
    ]);
    expect(hosted.daemon.output).not.toContain('timer');
  });

  it('stays with its own request', async () => {
    const script = handler(
      `for (let i = 0; i < 5; i += 1) { console.log(req.url); await new Promise((r) => setTimeout(r, 1)) } res.end()`,
    );
    const exchanges = ['/a', '/b', '/c'].map((url) => hosted.frontEnd.request(script, { url }));
    for (const [n, exchange] of exchanges.entries()) {
      await exchange.answer();
      expect(exchange.logs).toEqual(Array(5).fill(['/a', '/b', '/c'][n]));
    }
  });

  it('is printed by a request logger at the end', async () => {
    const exchange = hosted.frontEnd.request(
      handler(`res.on('finish', () => console.log('finished', res.statusCode)); res.end()`),
    );
    await exchange.answer();
    expect(exchange.logs).toEqual(['finished 200']);
  });

  it('without pause does not fill the memory: what is too much goes to fd 1 and 2', async () => {
    const exchange = hosted.frontEnd.request(
      handler(
        `for (let i = 0; i < 30000; i += 1) console.log('x'.repeat(1000)); console.log('the last line'); res.end()`,
      ),
    );
    await exchange.answer();
    await hosted.daemon.printed('the last line');
    const inLog = exchange.logs.length;
    expect(inLog).toBeGreaterThan(3000);
    expect(inLog).toBeLessThan(6000);
    const elsewhere = hosted.daemon.output.split('\n').filter((line) => line === 'x'.repeat(1000));
    expect(inLog + elsewhere.length).toBe(30_000);
  });

  it('is cut where a line never ends', async () => {
    const exchange = hosted.frontEnd.request(
      handler(`for (let i = 0; i < 10; i += 1) process.stdout.write('x'.repeat(10000)); res.end()`),
    );
    await exchange.answer();
    expect(exchange.logs.join('')).toBe('x'.repeat(100_000));
    expect(exchange.logs.length).toBeGreaterThan(2);
  });
});

describe('what is printed at other times', () => {
  it('at import and in background goes to fd 1 and 2', async () => {
    const exchange = hosted.frontEnd.request(
      handler(
        'res.end()',
        `console.log('at import'); setTimeout(() => console.error('in the background'), 5);`,
      ),
    );
    await exchange.answer();
    expect(exchange.logs).toEqual([]);
    await hosted.daemon.printed('at import\n');
    await hosted.daemon.printed('in the background\n');
  });

  it('after the answer goes to fd 1 and 2', async () => {
    const exchange = hosted.frontEnd.request(
      handler(`res.end(); await new Promise((r) => res.on('close', r)); console.log('afterwards')`),
    );
    await exchange.answer();
    await hosted.daemon.printed('afterwards\n');
  });
});

describe('a fault outside any request', () => {
  it.each([
    ['an exception', `setTimeout(() => { throw new Error('pool broke') }, 5)`],
    ['a rejection', `Promise.resolve().then(() => { throw new Error('pool broke') })`],
  ])('%s ends the process, with the reason on fd 2', async (_, text) => {
    const daemon = await TestDaemon.started();
    const frontEnd = await daemon.connect();
    const script = handler('res.write("x")', text);
    const exchange = frontEnd.request(script);
    expect((await exchange.over).kind).toBe('lost');
    expect(await daemon.exited).toBe(1);
    expect(daemon.output).toContain('Error: pool broke');
    await daemon.stop();
  });

  it('is the business of an application that listens for it', async () => {
    const daemon = await TestDaemon.started();
    const frontEnd = await daemon.connect();
    const script = handler(
      'res.end("alive")',
      `process.on('uncaughtException', (e) => console.log('seen ' + e.message)); setTimeout(() => { throw new Error('handled') }, 1); await new Promise((r) => setTimeout(r, 20))`,
    );
    expect((await frontEnd.request(script).answer()).text).toBe('alive');
    await daemon.printed('seen handled');
    await daemon.stop();
  });
});
