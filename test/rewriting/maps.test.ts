import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { lookUp, MapUnreadable, parseMap } from '../../src/rewriting/maps.js';

describe('map files', () => {
  it('are keys and values, a line each', () => {
    const map = parseMap('a one\nb  two # and more\n# c three\n\nd\na again\n e five\r\n');
    expect([...map]).toEqual([
      ['a', 'one'],
      ['b', 'two'],
      ['e', 'five'],
    ]);
  });
});

describe('maps', () => {
  let folder: string;
  let path: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'modhost-map-'));
    path = join(folder, 'map.txt');
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it('follow their file', () => {
    writeFileSync(path, 'a one\n');
    expect(lookUp({ kind: 'text', path, random: false }, 'a')).toBe('one');
    expect(lookUp({ kind: 'text', path, random: false }, 'b')).toBeUndefined();
    writeFileSync(path, 'a two\n');
    utimesSync(path, 1, 1);
    expect(lookUp({ kind: 'text', path, random: false }, 'a')).toBe('two');
  });

  it('follow their file, though it keeps its size and its time', () => {
    for (const value of ['one', 'two']) {
      writeFileSync(path, `a ${value}\n`);
      utimesSync(path, 1, 1);
      expect(lookUp({ kind: 'text', path, random: false }, 'a')).toBe(value);
    }
  });

  it('that have become a FIFO hold nobody up', () => {
    execFileSync('mkfifo', [path]);
    expect(() => lookUp({ kind: 'text', path, random: false }, 'a')).toThrow('no regular file');
  });

  it('take one of several values', () => {
    writeFileSync(path, 'a one|two|three\n');
    const seen = new Set(
      Array.from({ length: 200 }, () => lookUp({ kind: 'text', path, random: true }, 'a')),
    );
    expect([...seen].sort()).toEqual(['one', 'three', 'two']);
  });

  it('that cannot be read say so', () => {
    expect(() => lookUp({ kind: 'text', path, random: false }, 'a')).toThrow(MapUnreadable);
  });
});
