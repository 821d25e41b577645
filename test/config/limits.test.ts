import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { loadConfig } from '../../src/config/index.js';

let root = '';

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'modhost-limits-'));
});

afterEach(() => {
  rmSync(root, { recursive: true, force: true });
});

function write(name: string, text: string | Buffer): void {
  writeFileSync(join(root, name), text);
}

function load() {
  return loadConfig({ file: 'site.conf', serverRoot: root, before: ['Listen 8080'], environment: {} });
}

function messages(): string[] {
  return load().mistakes.map(({ message }) => message);
}

describe('limits', () => {
  it('takes a line of 16 MiB and no longer one', () => {
    const limit = 16 * 1024 * 1024;
    write('site.conf', `SetEnv A ${'x'.repeat(limit - 'SetEnv A '.length)}\n`);
    expect(load().config?.mainServer.directorySettings.environment?.set.get('A')).toHaveLength(limit - 9);
    write('site.conf', `SetEnv A ${'x'.repeat(limit)}\n`);
    expect(messages()).toEqual([expect.stringContaining('the line is too long')]);
  });

  it('counts a continued line as one', () => {
    write('site.conf', `SetEnv A ${'xxxxxxx\\\n'.repeat(2.5 * 1024 * 1024)}\n`);
    expect(messages()).toEqual([expect.stringContaining('the line is too long')]);
  });

  it('stops where files multiply', () => {
    write('site.conf', 'Include a.conf\nInclude a.conf\n');
    for (let at = 0; at < 26; at += 1) {
      const next = String.fromCharCode(98 + at);
      write(`${String.fromCharCode(97 + at)}.conf`, `Include ${next}.conf\nInclude ${next}.conf\n`);
    }
    write('{.conf', '');
    expect(messages()).toEqual([expect.stringContaining('more than 1000000 lines')]);
  });

  it('takes a file of several hundred thousand lines', () => {
    write('site.conf', 'Include big.conf\n');
    write('big.conf', 'SetEnv A b\n'.repeat(300_000));
    expect(load().config?.mainServer.directorySettings.environment?.set.get('A')).toBe('b');
  });

  it('stops where macros multiply', () => {
    const macros = Array.from(
      { length: 30 },
      (_, at) => `<Macro M${at}>\nUse M${at + 1}\nUse M${at + 1}\n</Macro>\n`,
    );
    write('site.conf', `${macros.join('')}<Macro M30>\n</Macro>\nUse M0\n`);
    expect(messages().join()).toContain('more than 1000000 lines in all files and macros together');
  });

  it('stops where sections nest without end', () => {
    write('site.conf', '<IfDefine !X>\n'.repeat(100_000));
    expect(messages()).toEqual(['sections nest more than 400 levels deep']);
  });

  it('stops where Include finds a whole disk', () => {
    for (let at = 0; at < 30; at += 1) {
      mkdirSync(join(root, 'd', String(at)), { recursive: true });
      // A loop: without a limit it would be followed into 30^40 directories.
      symlinkSync('..', join(root, 'd', String(at), 'up'));
    }
    write('site.conf', 'IncludeOptional d\n');
    expect(messages()).toEqual(['finds more than 20000 files and directories']);
  });

  it('does not wait for a pipe', () => {
    execFileSync('mkfifo', [join(root, 'pipe')]);
    write('site.conf', 'Include pipe\nInclude /dev/null\n');
    expect(messages()).toEqual([`cannot read ${join(root, 'pipe')}: it is not a regular file`]);
  });

  it('does not take long for a wildcard made to be slow', () => {
    write('site.conf', `Include ${'*a'.repeat(60)}b\n`);
    write('a'.repeat(200), '');
    expect(messages()).toEqual([expect.stringContaining('nothing matches')]);
  });
});
