import { rmSync, utimesSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { Folder, TestDaemon } from './daemon-client.js';
import { hostDaemon } from './hosted-daemon.js';

const hosted = hostDaemon();

let count = 0;
function script(text: string, extension = 'mjs'): string {
  count += 1;
  return hosted.folder.write(`${count}/main.${extension}`, text);
}

describe('loading', () => {
  it('happens once, however many wait', async () => {
    const file = script(
      `globalThis.slowLoads = (globalThis.slowLoads ?? 0) + 1; await new Promise((r) => setTimeout(r, 30)); export default (req, res) => res.end(String(globalThis.slowLoads))`,
    );
    const exchanges = Array.from({ length: 10 }, () => hosted.frontEnd.request(file));
    for (const exchange of exchanges) expect((await exchange.answer()).text).toBe('1');
  });

  it.each(['mjs', 'cjs', 'ts'])('gives each application group its own module (.%s)', async (extension) => {
    const text = `let n = 0; const handler = (req, res) => { n += 1; res.end(String(n)) };`;
    const file = script(
      extension === 'cjs' ? `${text} module.exports = handler` : `${text} export default handler`,
      extension,
    );
    const ask = async (applicationGroup: string) =>
      (await hosted.frontEnd.request(file, { applicationGroup }).answer()).text;
    expect([await ask('a'), await ask('a'), await ask('b'), await ask('a'), await ask('c')]).toEqual([
      '1',
      '2',
      '1',
      '3',
      '1',
    ]);
  });

  it('knows file names with spaces, %, # and letters beyond ASCII', async () => {
    for (const name of ['a b%20#?.mjs', 'gr\u00fc\u00df\u2603.cjs', 'x%y.ts']) {
      const text = `globalThis.x = 1; ${name.endsWith('.cjs') ? 'module.exports =' : 'export default'} (req, res) => res.end('found')`;
      const file = hosted.folder.write(`names/${name}`, text);
      expect((await hosted.frontEnd.request(file).answer()).text).toBe('found');
    }
  });

  it.each([
    ['raises', `import './ok.mjs';\nthrow new Error('at import')`, 'Error: at import'],
    ['has a syntax error', `export default (`, 'SyntaxError'],
    ['imports what is not there', `import 'not-installed'`, "Cannot find package 'not-installed'"],
    ['throws something odd', `throw null`, 'null'],
    [
      'throws what cannot be shown',
      `throw { get [Symbol.for('nodejs.util.inspect.custom')]() { throw 1 } }`,
      'cannot be shown',
    ],
  ])('that %s: 500 with the cause in the log', async (_, text, cause) => {
    const file = script(text);
    hosted.folder.write(`${count}/ok.mjs`, '');
    const exchange = hosted.frontEnd.request(file);
    expect(await exchange.aborted()).toBe('error');
    const log = exchange.logs.join('\n');
    expect(log).toContain('could not be loaded');
    expect(log).toContain(file);
    expect(log).toContain(cause);
  });

  it('of a file that is not there: 500 that says so', async () => {
    const exchange = hosted.frontEnd.request(`${hosted.folder.path}/absent.mjs`, { checkScript: true });
    expect(await exchange.aborted()).toBe('error');
    expect(exchange.logs.join('\n')).toContain('ENOENT');
  });

  it('that failed is reported once for all that waited', async () => {
    const file = script(`await new Promise((r) => setTimeout(r, 30)); throw new Error('slow failure')`);
    const [first, second] = [hosted.frontEnd.request(file), hosted.frontEnd.request(file)];
    expect([await first.aborted(), await second.aborted()]).toEqual(['error', 'error']);
    expect(first.logs.join('\n')).toContain('slow failure');
    expect(second.logs).toHaveLength(1);
  });

  it.each(['mjs', 'cjs', 'ts'])(
    'that failed is tried anew, with all local files (.%s)',
    async (extension) => {
      const isCommonJs = extension === 'cjs';
      const file = script(
        isCommonJs
          ? `module.exports = require('./dep.cjs')`
          : `import handler from './dep.${extension}'; export default handler`,
        extension,
      );
      const dep = `${count}/dep.${extension}`;
      hosted.folder.write(
        dep,
        `throw new Error('dependency broke');${isCommonJs ? '' : ' export default 1'}`,
      );
      const failing = hosted.frontEnd.request(file);
      expect(await failing.aborted()).toBe('error');
      expect(failing.logs.join('\n')).toContain('dependency broke');
      const text = `(req, res) => res.end('repaired')`;
      hosted.folder.write(dep, isCommonJs ? `module.exports = ${text}` : `export default ${text}`);
      expect((await hosted.frontEnd.request(file).answer()).text).toBe('repaired');
    },
  );

  it('that failed in a CommonJS file under an import harms nothing else', async () => {
    const file = script(`import './dep.cjs'; export default 1`);
    hosted.folder.write(`${count}/dep.cjs`, `throw new Error('dependency broke')`);
    expect(await hosted.frontEnd.request(file).aborted()).toBe('error');
    expect(
      (
        await hosted.frontEnd
          .request(script(`export default (req, res) => setTimeout(() => res.end('alive'), 10)`))
          .answer()
      ).text,
    ).toBe('alive');
  });

  it('leaves import.meta.url and circular imports as they are', async () => {
    const file = script(
      `import { same } from './circle.mjs'; export const me = {}; export default (req, res) => res.end(String(same(me)) + import.meta.url.includes('?'))`,
    );
    hosted.folder.write(
      `${count}/circle.mjs`,
      `import { me } from './main.mjs'; export const same = (other) => me === other`,
    );
    expect((await hosted.frontEnd.request(file).answer()).text).toBe('truefalse');
  });
});

describe('a script file that changed', () => {
  const answer = (word: string): string => `export default (req, res) => res.end('${word}')`;

  it('waits for the successor: told to the supervisor once, served meanwhile, then answered with retry', async () => {
    const folder = new Folder();
    const daemon = await TestDaemon.started();
    const [frontEnd, other] = [await daemon.connect(), await daemon.connect()];
    const file = folder.write('a.mjs', answer('old'));
    const slowFile = folder.write(
      'slow.mjs',
      `export default (req, res) => { res.write('x'); setTimeout(() => res.end('done'), 50) }`,
    );
    expect((await frontEnd.request(file, { checkScript: true }).answer()).text).toBe('old');
    const slow = frontEnd.request(slowFile);
    await slow.response;
    writeFileSync(file, answer('new'));
    expect((await frontEnd.request(file).answer()).text).toBe('old');
    const noticed = [
      frontEnd.request(file, { checkScript: true }),
      frontEnd.request(file, { checkScript: true }),
    ];
    expect(await daemon.message('reload')).toEqual({ type: 'reload', reason: `${file} has changed` });
    expect((await frontEnd.request(file).answer()).text).toBe('old');
    daemon.say({ type: 'drain' });
    for (const exchange of noticed) expect(await exchange.aborted()).toBe('retry');
    await Promise.all([frontEnd.drained, other.drained]);
    expect(await other.request(slowFile).aborted()).toBe('retry');
    expect(await other.call('check_password', slowFile, ['a', 'b']).aborted()).toBe('retry');
    const late = await daemon.connect();
    await late.drained;
    expect((await slow.answer()).text).toBe('xdone');
    expect(await daemon.exited).toBe(0);
    await daemon.stop();
    folder.remove();
  });

  it('is served as it was loaded when the successor takes long', async () => {
    const daemon = await TestDaemon.started();
    const frontEnd = await daemon.connect();
    const file = script(answer('old'));
    await frontEnd.request(file, { checkScript: true }).answer();
    writeFileSync(file, answer('new'));
    expect((await frontEnd.request(file, { checkScript: true }).answer()).text).toBe('old');
    daemon.say({ type: 'drain' });
    expect(await daemon.exited).toBe(0);
    await daemon.stop();
  });

  it('is served as it was loaded when the successor cannot start, until it changes again', async () => {
    const daemon = await TestDaemon.started();
    const frontEnd = await daemon.connect();
    const file = script(answer('old'));
    await frontEnd.request(file, { checkScript: true }).answer();
    for (const round of [1, 2]) {
      writeFileSync(file, `not JavaScript ${round}`);
      const noticed = frontEnd.request(file, { checkScript: true });
      await daemon.message('reload');
      daemon.say({ type: 'keep' });
      expect((await noticed.answer()).text).toBe('old');
      expect((await frontEnd.request(file, { checkScript: true }).answer()).text).toBe('old');
    }
    await daemon.stop();
  });

  it.each([
    [
      'by its modification time alone, also to an earlier one',
      (file: string) => utimesSync(file, 1000, 1000),
    ],
    ['by nanoseconds', (file: string) => writeFileSync(file, answer('newer'))],
    ['by its absence', (file: string) => rmSync(file)],
  ])('is noticed %s', async (_, change) => {
    const daemon = await TestDaemon.started();
    const frontEnd = await daemon.connect();
    const file = script(answer('old'));
    await frontEnd.request(file, { checkScript: true }).answer();
    change(file);
    const noticed = frontEnd.call('check_password', file, ['a', 'b'], { checkScript: true });
    expect(await daemon.message('reload')).toEqual({ type: 'reload', reason: `${file} has changed` });
    daemon.say({ type: 'drain' });
    expect(await noticed.aborted()).toBe('retry');
    await daemon.stop();
  });

  it('whose load failed needs no new process', async () => {
    const file = script(`throw new Error('typo')`);
    expect(await hosted.frontEnd.request(file, { checkScript: true }).aborted()).toBe('error');
    writeFileSync(file, answer('repaired'));
    expect((await hosted.frontEnd.request(file, { checkScript: true }).answer()).text).toBe('repaired');
  });
});

describe('many failed loads', () => {
  it('ask for a new process, since Node keeps what they left', async () => {
    const daemon = await TestDaemon.started();
    const frontEnd = await daemon.connect();
    const file = script(`throw new Error('always')`);
    for (let round = 0; round < 100; round += 1) expect(await frontEnd.request(file).aborted()).toBe('error');
    expect(await daemon.message('reload')).toEqual({
      type: 'reload',
      reason: `100 loads of scripts have failed, the last one of ${file}`,
    });
    await daemon.stop();
  });
});
