import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { formatMistake, loadConfig } from '../../src/config/index.js';
import { projectRoot } from '../peers/installed.js';

/** Every piece of a site file that the documents show must be one that modhost takes. */
describe.each(['README.md', 'docs/deploying.md', 'docs/expressions.md', 'docs/auth.md'])(
  'the site files in %s',
  (document) => {
    const text = readFileSync(join(projectRoot, document), 'utf8');
    const pieces = [...text.matchAll(/```apache\n(.*?)```/gs)].map(([, piece = '']) => piece);

    it('are there', () => {
      expect(pieces.length).toBeGreaterThan(1);
    });

    it.each(pieces.map((piece, index) => [index + 1, piece]))(
      'number %i is without a mistake',
      (_, piece) => {
        const folder = mkdtempSync(join(tmpdir(), 'modhost-documents-'));
        const file = join(folder, 'site.conf');
        // Accounts are those of the reader's machine.
        const portable = String(piece).replaceAll(/ user=\w+|^(User|Group) .*$/gm, '');
        writeFileSync(file, portable.includes('Listen') ? portable : `Listen 127.0.0.1:8000\n${portable}`);
        for (const [, named = ''] of portable.matchAll(/AuthUserFile (conf\/\S+)/g)) {
          mkdirSync(join(folder, 'conf'), { recursive: true });
          writeFileSync(join(folder, named), '', { mode: 0o600 });
        }
        const { mistakes } = loadConfig({ file, serverRoot: folder, environment: {} });
        rmSync(folder, { recursive: true });
        expect(mistakes.map(formatMistake)).toEqual([]);
      },
    );
  },
);
