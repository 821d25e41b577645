import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadConfig } from '../../src/config/index.js';

/**
 * The directives that people use in the shapes in which they give arguments, one line each: `outcome | where | line`. The outcome is *loads*,
 * *warned* or *refused* with the codes of what is said; `@ROOT@` is a folder with `file.txt` and `logs`.
 */
const rows = readFileSync(join(import.meta.dirname, 'shapes.txt'), 'utf8')
  .trimEnd()
  .split('\n')
  .map((row) => /^(.*?) +\| (\w+) +\| (.*)$/.exec(row)?.slice(1) as [string, string, string]);

let root: string;

beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'modhost-shapes-'));
  mkdirSync(join(root, 'logs'));
  writeFileSync(join(root, 'file.txt'), 'x');
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

describe('shapes of arguments', () => {
  it.each(rows)('%s, %s: %s', (outcome, where, written) => {
    const line = written.replaceAll('@ROOT@', root);
    const name = /^<(\w+)/.exec(line)?.[1];
    const section = name === undefined ? line : `${line}\n</${name}>`;
    writeFileSync(join(root, 'site.conf'), `${enclose(where, section)}\n`);
    const { mistakes } = loadConfig({
      file: 'site.conf',
      serverRoot: root,
      before: ['Listen 8080', 'WSGIDaemonProcess site', 'WSGIDaemonProcess site.example.com'],
      environment: {},
    });
    const codesOf = (wanted: string) => [
      ...new Set(mistakes.filter(({ severity }) => severity === wanted).map(({ code }) => code)),
    ];
    const errors = codesOf('error').sort();
    const warnings = codesOf('warning').sort();
    const found =
      errors.length > 0 ? ['refused', ...errors] : warnings.length > 0 ? ['warned', ...warnings] : ['loads'];
    expect(found.join(' ')).toBe(outcome);
  });

  it('are hundreds', () => {
    expect(rows.length).toBeGreaterThan(400);
  });
});

function enclose(where: string, text: string): string {
  if (where === 'directory') return `<Directory ${root}>\n${text}\n</Directory>`;
  if (where === 'location') return `<Location /x>\n${text}\n</Location>`;
  if (where === 'host') return `<VirtualHost *:80>\n${text}\n</VirtualHost>`;
  return text;
}
