import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

const run = promisify(execFile);
const joiner = fileURLToPath(new URL('../../src/build/join-modules.mjs', import.meta.url));
let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'modhost-join-'));
  write('package.json', '{ "type": "module" }');
});

afterEach(() => rmSync(folder, { recursive: true }));

function write(name: string, text: string): void {
  mkdirSync(dirname(join(folder, name)), { recursive: true });
  writeFileSync(join(folder, name), text);
}

async function joinProgram(): Promise<void> {
  await run(process.execPath, [joiner, join(folder, 'main.js')]);
}

async function output(): Promise<string> {
  return (await run(process.execPath, [join(folder, 'main.js')])).stdout;
}

describe('a program in one file', () => {
  it('does what its modules did, with each of the forms that are written', async () => {
    write(
      'main.js',
      `#!/usr/bin/env node
import { basename as lastOf } from 'node:path';
import process from 'node:process';
import { Counter, place as placeOfRoom, renamed, step } from './room/index.js';
const later = await import('./later.js');
process.stdout.write([lastOf('a/b'), new Counter().count(), placeOfRoom, renamed(), await step(), later.word].join(' '));
`,
    );
    write(
      'room/index.js',
      `export * from './counter.js';
export { inner as renamed, place, } from './inner.js';
export {};
export async function step() {
    return 'step';
}
`,
    );
    write(
      'room/counter.js',
      `import { inner } from './inner.js';
const own = 1;
export class Counter {
    count() {
        return own + inner().length;
    }
}
`,
    );
    write(
      'room/inner.js',
      `const own = 'inner';
export const place = import.meta.url;
export function inner() {
    return own;
}
`,
    );
    write('later.js', `export const word = 'later';\n`);
    const expected = `b 6 ${pathToFileURL(join(folder, 'room/inner.js')).href} inner step later`;
    expect(await output()).toBe(expected);
    await joinProgram();
    rmSync(join(folder, 'room'), { recursive: true });
    expect(await output()).toBe(expected);
  });

  it('has nothing but ASCII in it, and means the same', async () => {
    write(
      'main.js',
      `import { width } from './width.js';\nprocess.stdout.write(\`…\${width} \${/^[–😀]$/u.test('😀')}\`);\n`,
    );
    write('width.js', `export const width = 'ü…😀'.length;\n`);
    await joinProgram();
    expect(await output()).toBe('…4 true');
    expect(readFileSync(join(folder, 'main.js'), 'utf8')).not.toMatch(/[^\0-\x7f]/);
  });

  it('can be one that is required, beside the module that it is made of', async () => {
    write('room/late.js', `import { inner } from './inner.js';\nexport const late = () => inner;\n`);
    write(
      'room/inner.js',
      `import { basename } from 'node:path';\nexport const inner = basename(import.meta.url);\n`,
    );
    await run(process.execPath, [joiner, join(folder, 'room/late.cjs')]);
    rmSync(join(folder, 'room/inner.js'));
    write(
      'main.js',
      `import { createRequire } from 'node:module';
process.stdout.write(createRequire(import.meta.url)('./room/late.cjs').late());
`,
    );
    expect(await output()).toBe('inner.js');
  });

  it.each([
    [
      'two modules that need each other',
      `import { main } from './main.js';\nexport const other = 1;\n`,
      'a circle',
    ],
    ['what may change after it was exported', `export let other = 1;\n`, 'export let other'],
    ['an export without a name', `export default 1;\n`, 'export default 1'],
    ['text that knows no escapes', 'export const other = String.raw`…`;\n', 'String.raw'],
  ])('is not made of %s', async (_, text, problem) => {
    write('main.js', `import { other } from './other.js';\nexport const main = other;\n`);
    write('other.js', text);
    await expect(joinProgram()).rejects.toThrow(problem);
  });
});
