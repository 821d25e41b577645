import { describe, expect, it } from 'vitest';
import { hostDaemon } from './hosted-daemon.js';

const hosted = hostDaemon();

/** Serves the answer of `app/main.<extension>` with the other files beside it. */
async function answerOf(files: Record<string, string>): Promise<string> {
  const { main, folder } = write(files);
  expect(folder).toBeTruthy();
  return (await hosted.frontEnd.request(main).answer()).text;
}

let count = 0;
function write(files: Record<string, string>): { main: string; folder: string } {
  count += 1;
  let main = '';
  for (const [name, text] of Object.entries(files)) {
    const path = hosted.folder.write(`${count}/${name}`, text);
    if (main === '') main = path;
  }
  return { main, folder: `${hosted.folder.path}/${count}` };
}

const hello = `import type { IncomingMessage, ServerResponse } from 'node:http';
export default function (req: IncomingMessage, res: ServerResponse): void { res.end(text()); }
`;

describe('TypeScript without a build step', () => {
  it('strips types, and rewrites what has no JavaScript', async () => {
    const text = await answerOf({
      'main.ts': `${hello}
        enum Colour { Red = 1, Green }
        const enum Word { Hello = 'hello' }
        namespace Space { export const inside = 'namespace' }
        abstract class Base { constructor(protected readonly name: string, public count = 2) {} abstract say(): string }
        class Derived extends Base { declare extra: string; override say(): string { return this.name + this.count } }
        interface Shape { readonly side: number }
        const shape = { side: 3 } satisfies Shape as Shape;
        function pick<T extends keyof Shape>(key: T): Shape[T] { return shape[key]! }
        function text(): string { return [Colour.Green, Colour[1], Word.Hello, Space.inside, new Derived('d').say(), pick('side')].join() }`,
    });
    expect(text).toBe('2,Red,hello,namespace,d2,3');
  });

  it('imports local TypeScript by its own name, by that of the JavaScript, and by none', async () => {
    const text = await answerOf({
      'main.ts': `${hello}
        import { a } from './a.ts'; import { b } from './b.js'; import { c } from './c'; import { d } from './folder'; import { e, type E } from './e.mjs';
        import { js } from './plain.js'; import data from './data.json' with { type: 'json' };
        const late: E = (await import('./late.js')).late;
        function text(): string { return [a, b, c, d, e, js, data.json, late].join('') }`,
      'a.ts': `export const a: string = 'a'`,
      'b.ts': `export const b: string = 'b'`,
      'c.ts': `export const c: string = 'c'`,
      'folder/index.ts': `export const d: string = 'd'`,
      'e.mts': `export type E = string; export const e: E = 'e'`,
      'plain.js': `export const js = 'j'`,
      'data.json': `{ "json": "s" }`,
      'late.ts': `export const late = 'l'`,
      'package.json': `{ "type": "module" }`,
    });
    expect(text).toBe('abcdejsl');
  });

  it('waits at the top level', async () => {
    expect(
      await answerOf({
        'main.ts': `const text = await new Promise<() => string>((r) => setTimeout(r, 5, () => 'waited')); ${hello}`,
      }),
    ).toBe('waited');
  });

  it.each([
    ['.mts', { 'main.mts': `${hello} function text() { return typeof require }` }, 'undefined'],
    [
      '.cts',
      {
        'main.cts': `import http = require('node:http'); const text = (): string => typeof require + http.METHODS.includes('GET'); export = (req: any, res: any) => res.end(text())`,
      },
      'functiontrue',
    ],
    [
      '.ts in a module package',
      {
        'main.ts': `${hello} function text() { return typeof require }`,
        'package.json': '{"type":"module"}',
      },
      'undefined',
    ],
    [
      '.ts in a CommonJS package',
      {
        'main.ts': `const dep = require('./dep'); module.exports = (req: any, res: any) => res.end(dep.word as string)`,
        'dep.ts': `exports.word = 'dep' as string`,
        'package.json': '{"type":"commonjs"}',
      },
      'dep',
    ],
    [
      '.ts with import in a CommonJS package',
      {
        'main.ts': `${hello} function text() { return typeof require }`,
        'package.json': '{"type":"commonjs"}',
      },
      'undefined',
    ],
    [
      '.ts without a package, CommonJS',
      { 'main.ts': `exports.handler = (req: any, res: any) => res.end(typeof module)` },
      'object',
    ],
    [
      '.ts of nothing but a top-level await',
      {
        'main.ts': `const server = (await import('node:http')).createServer((req: unknown, res: any) => res.end('listens')); server.listen(1)`,
      },
      'listens',
    ],
    [
      '.mjs that imports .ts',
      {
        'main.mjs': `import { word } from './w.ts'; export default (req, res) => res.end(word)`,
        'w.ts': `export const word: string = 'w'`,
      },
      'w',
    ],
    [
      '.cjs that requires .cts',
      {
        'main.cjs': `const { word } = require('./w.cts'); module.exports = (req, res) => res.end(word)`,
        'w.cts': `exports.word = 'w' as string`,
      },
      'w',
    ],
    [
      '.cts that requires a .ts module',
      {
        'main.cts': `const { word } = require('./w.ts'); module.exports = (req: any, res: any) => res.end(word)`,
        'w.ts': `export const word: string = 'm'`,
      },
      'm',
    ],
    [
      '.tsx',
      {
        'main.tsx': `/** @jsxRuntime classic @jsx h */ function h(tag: string, _: null, text: string) { return '<' + tag + '>' + text } export default { fetch: () => new Response(<b>bold</b> as string) }`,
      },
      '<b>bold',
    ],
  ] as [string, Record<string, string>, string][])('%s', async (_, files, answer) => {
    expect(await answerOf(files)).toBe(answer);
  });

  it('runs decorators as TypeScript does, with metadata', async () => {
    const text = await answerOf({
      'main.ts': `${hello}
        const seen: string[] = [];
        (Reflect as any).metadata = (key: string, value: any) => () => { seen.push(key + ' ' + (Array.isArray(value) ? value.map((v) => v.name) : value.name)) };
        const mark = (word: string) => (target: any, key?: any, third?: any): any => { seen.push(word + ' ' + String(key) + ' ' + typeof third) };
        const upper = (target: any, key: string, d: PropertyDescriptor): any => ({ ...d, value: () => d.value().toUpperCase() });
        @mark('class') class C { @mark('field') f: number = 1; constructor(@mark('parameter') n: string) {} @mark('method') @upper say(): string { return 'said' } }
        function text() { return seen.join() + ' ' + new C('x').say() }`,
    });
    expect(text).toBe(
      'design:type Number,field f undefined,design:returntype String,design:paramtypes ,design:type Function,method say object,design:paramtypes String,parameter undefined number,class undefined undefined SAID',
    );
  });

  it('runs using and await using', async () => {
    const text = await answerOf({
      'main.ts': `${hello}
        const seen: string[] = [];
        const resource = (name: string) => ({ name, [Symbol.dispose]() { seen.push(name) }, async [Symbol.asyncDispose]() { await null; seen.push('async ' + name) } });
        { using a = resource('a'); using b = resource('b'); using none = null; seen.push(a.name + b.name) }
        await (async () => { await using c = resource('c'); seen.push(c.name) })();
        try { using d = { [Symbol.dispose]() { throw new Error('dispose') } }; throw new Error('body') } catch (e: any) { seen.push(e.name + e.error.message + e.suppressed.message) }
        try { using e = {} as Disposable } catch (e: any) { seen.push(e.name) }
        function text() { return seen.join() }`,
    });
    expect(text).toBe('ab,b,a,c,async c,SuppressedErrordisposebody,TypeError');
  });

  it('names the lines of the author in stacks', async () => {
    for (const name of ['main.ts', 'main.cts']) {
      const { main } = write({
        [name]:
          `interface Gone {\n  a: string;\n}\nenum Grown { A, B }\n\nfunction fail(what: string): never {\n  throw new Error(what + Grown.B);\n}\nmodule_ = (req: any, res: any) => fail('deep');\n`.replace(
            'module_ =',
            name.endsWith('cts') ? 'module.exports =' : 'export default',
          ),
      });
      const exchange = hosted.frontEnd.request(main);
      expect(await exchange.aborted()).toBe('error');
      const log = exchange.logs.join('\n');
      expect(log).toContain('Error: deep1');
      expect(log).toMatch(new RegExp(`${main}:7:9`));
      expect(log).toContain(`${main}:9:`);
    }
  });

  it('names the place of a syntax error', async () => {
    for (const name of ['main.ts', 'main.cts']) {
      const { main } = write({ [name]: `const a = 1;\nlet b: = 2;\n` });
      const exchange = hosted.frontEnd.request(main);
      expect(await exchange.aborted()).toBe('error');
      expect(exchange.logs.join('\n')).toContain(`${main}:2:8`);
    }
  });

  it('leaves installed packages alone', async () => {
    const { main } = write({
      'main.mts': `import { word } from 'pkg'; ${hello} function text() { return word }`,
      'node_modules/pkg/package.json': `{ "name": "pkg", "exports": "./index.ts" }`,
      'node_modules/pkg/index.ts': `export const word: string = 'never'`,
    });
    const exchange = hosted.frontEnd.request(main);
    expect(await exchange.aborted()).toBe('error');
    expect(exchange.logs.join('\n')).toMatch(/node_modules/);
  });

  it('says what cannot be found as the author wrote it', async () => {
    const { main } = write({ 'main.ts': `import './absent.js'; ${hello}` });
    const exchange = hosted.frontEnd.request(main);
    expect(await exchange.aborted()).toBe('error');
    expect(exchange.logs.join('\n')).toContain('absent.js');
  });
});
