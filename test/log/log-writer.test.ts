import { execFileSync } from 'node:child_process';
import {
  closeSync,
  constants,
  mkdtempSync,
  openSync,
  readFileSync,
  readSync,
  rmSync,
  statSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createLogWriter, openLogFile } from '../../src/log/index.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'modhost-log-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe('a log writer', () => {
  it('appends lines in order, over many turns', async () => {
    const path = join(folder, 'log');
    const fd = openLogFile(path);
    const writer = createLogWriter(fd);
    const expected: string[] = [];
    for (let turn = 0; turn < 200; turn += 1) {
      for (let at = 0; at < 20; at += 1) {
        const line = `${turn}.${at} \xe9${'x'.repeat(at)}\n`;
        expected.push(line);
        writer.write(line);
      }
      if (turn % 3 === 0) await new Promise(setImmediate);
    }
    await writer.close();
    closeSync(fd);
    expect(readFileSync(path, 'latin1')).toBe(expected.join(''));
  });

  it('appends to what is there, and is not in the way of another writer', async () => {
    const path = join(folder, 'log');
    const [one, two] = [openLogFile(path), openLogFile(path)];
    const writers = [createLogWriter(one), createLogWriter(two)];
    for (let at = 0; at < 100; at += 1) {
      for (const [index, writer] of writers.entries()) writer.write(`${index} ${at}\n`);
      await new Promise(setImmediate);
    }
    await Promise.all(writers.map((writer) => writer.close()));
    for (const fd of [one, two]) closeSync(fd);
    const lines = readFileSync(path, 'latin1').trimEnd().split('\n');
    expect(lines).toHaveLength(200);
    expect(lines.filter((line) => line.startsWith('0'))).toEqual(
      Array.from({ length: 100 }, (_, at) => `0 ${at}`),
    );
    expect(statSync(path).mode & 0o777 & ~0o644).toBe(0);
  });

  it('leaves nothing behind when it is flushed at exit', async () => {
    const path = join(folder, 'log');
    const fd = openLogFile(path);
    const writer = createLogWriter(fd);
    writer.write('early\n');
    await new Promise(setImmediate);
    writer.write('late\n');
    writer.flushSync();
    expect(readFileSync(path, 'latin1')).toBe('early\nlate\n');
    await writer.close();
    closeSync(fd);
  });

  it('drops and counts lines while nobody takes them, and goes on afterwards', async () => {
    const path = join(folder, 'pipe');
    execFileSync('mkfifo', [path]);
    const reader = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    const fd = openLogFile(path);
    const writer = createLogWriter(fd, {
      maxWaitingBytes: 1000,
      formatDropped: (count, reason) => `${count} dropped: ${reason}\n`,
    });
    // More than a pipe holds (64 KiB): the first write stays under way.
    const first = `${'f'.repeat(999)}\n`;
    for (let at = 0; at < 100; at += 1) {
      writer.write(first);
      await new Promise(setImmediate);
    }
    const flushed = writer.flush();
    let done = false;
    void flushed.then(() => {
      done = true;
    });
    let text = '';
    const buffer = Buffer.alloc(65536);
    while (!done) {
      try {
        text += buffer.toString('latin1', 0, readSync(reader, buffer));
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error;
      }
      await new Promise(setImmediate);
    }
    writer.write('after\n');
    await writer.close();
    text += buffer.toString('latin1', 0, readSync(reader, buffer));
    closeSync(fd);
    closeSync(reader);

    const lines = text.trimEnd().split('\n');
    const kept = lines.filter((line) => line === first.trimEnd()).length;
    const counts = lines.flatMap((line) => /^(\d+) dropped: the log did not take/.exec(line)?.[1] ?? []);
    const dropped = counts.reduce((sum, count) => sum + Number(count), 0);
    expect(dropped).toBeGreaterThan(0);
    expect(kept + dropped).toBe(100);
    expect(lines.at(-1)).toBe('after');
  });

  it('survives a disk that stays full', async () => {
    const full = openSync('/dev/full', 'w');
    const writer = createLogWriter(full);
    writer.write('one\ntwo\n');
    await writer.flush();
    writer.write('three\n');
    await writer.flush();
    await writer.close();
    closeSync(full);
  });

  it('survives a reader that has gone', async () => {
    const path = join(folder, 'pipe');
    execFileSync('mkfifo', [path]);
    const reader = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    const fd = openLogFile(path);
    closeSync(reader);
    const writer = createLogWriter(fd);
    writer.write('lost\n');
    await writer.flush();
    const again = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    writer.write('kept\n');
    await writer.close();
    const buffer = Buffer.alloc(4096);
    const text = buffer.toString('latin1', 0, readSync(again, buffer));
    expect(text).toMatch(/^kept\n.*\[log_config:error\].* 1 line was dropped here: .*EPIPE/);
    closeSync(again);
    closeSync(fd);
  });
});

describe('opening a log file', () => {
  it('throws the system’s error with the path', () => {
    const path = join(folder, 'missing', 'log');
    expect(() => openLogFile(path)).toThrow(expect.objectContaining({ code: 'ENOENT', path }));
  });

  it('fails on a pipe without a reader where it could hang', () => {
    const path = join(folder, 'pipe');
    execFileSync('mkfifo', [path]);
    expect(() => openLogFile(path)).toThrow(expect.objectContaining({ code: 'ENXIO' }));
  });
});
