import { readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const source = fileURLToPath(new URL('../src', import.meta.url));

/** Room → rooms it may import. The same table as in ARCHITECTURE.md, which a test below compares. */
const allowed: Record<string, readonly string[]> = {
  'main.ts': [
    'supervise.ts',
    'cli',
    'control',
    'explain',
    'config',
    'routing',
    'auth',
    'htpasswd-auth',
    'files',
    'wire',
    'processes',
    'tls',
    'expressions',
    'matching',
    'rewriting',
    'trace',
    'http',
    'log',
  ],
  'supervise.ts': ['config', 'control', 'health', 'processes', 'routing', 'tls', 'log'],
  'front-end.ts': [
    'config',
    'processes',
    'routing',
    'auth',
    'htpasswd-auth',
    'balancing',
    'server',
    'files',
    'gateway',
    'proxy',
    'tls',
    'wire',
    'expressions',
    'matching',
    'rewriting',
    'trace',
    'http',
    'log',
  ],
  explain: [
    'server',
    'tls',
    'routing',
    'auth',
    'balancing',
    'files',
    'gateway',
    'proxy',
    'trace',
    'http',
    'log',
    'config/model',
  ],
  cli: ['config', 'http', 'log'],
  config: ['expressions', 'matching', 'rewriting', 'http', 'log'],
  routing: ['config/model', 'expressions', 'matching', 'rewriting', 'trace', 'http'],
  auth: ['config/model', 'expressions', 'matching', 'http', 'htpasswd-auth'],
  'htpasswd-auth': ['http'],
  server: [
    'routing',
    'auth',
    'balancing',
    'files',
    'gateway',
    'proxy',
    'tls',
    'expressions',
    'matching',
    'rewriting',
    'trace',
    'http',
    'log',
    'config/model',
  ],
  files: ['http'],
  balancing: ['config/model', 'expressions', 'http'],
  gateway: ['config/model', 'proxy', 'http'],
  proxy: ['wire', 'http', 'log'],
  wire: [],
  control: ['processes'],
  health: ['config/model', 'processes', 'proxy', 'routing', 'http'],
  processes: ['config/model', 'tls', 'http', 'log'],
  tls: ['config/model'],
  'daemon/node': ['wire', 'http'],
  expressions: ['matching', 'http'],
  rewriting: ['expressions', 'matching', 'http', 'log'],
  matching: ['http'],
  trace: ['config/model'],
  http: [],
  log: [],
};

function filesBelow(folder: string): string[] {
  return readdirSync(folder).flatMap((name) => {
    const path = join(folder, name);
    return statSync(path).isDirectory() ? filesBelow(path) : path.endsWith('.ts') ? [path] : [];
  });
}

function roomOf(file: string): string {
  const parts = relative(source, file).split(sep);
  return parts[0] === 'daemon' ? `daemon/${parts[1]}` : (parts[0] as string);
}

interface Import {
  readonly from: string;
  readonly specifier: string;
  readonly target: string;
}

function importsOf(file: string): Import[] {
  const text = readFileSync(file, 'utf8');
  const pattern = /\b(?:from|import)\s*\(?\s*'(\.[^']*)'/g;
  return [...text.matchAll(pattern)].map(([, specifier = '']) => ({
    from: relative(source, file),
    specifier,
    target: resolve(dirname(file), specifier.replace(/\.js$/, '.ts')),
  }));
}

const files = filesBelow(source);

describe('rooms', () => {
  it('finds the source', () => {
    expect(files.length).toBeGreaterThan(10);
  });

  it.each(files.map((file) => [relative(source, file), file]))(
    '%s imports only what lies below it',
    (_, file) => {
      const room = roomOf(file);
      expect(Object.keys(allowed)).toContain(room);
      const wrong = importsOf(file).filter(({ target }) => {
        const targetRoom = roomOf(target);
        if (targetRoom === room) return false;
        const isModel = relative(source, target) === join('config', 'model.ts');
        if (isModel && allowed[room]?.includes('config/model')) return false;
        return !allowed[room]?.includes(targetRoom);
      });
      expect(wrong).toEqual([]);
    },
  );

  it('are entered by index.ts (or config/model.ts)', () => {
    const wrong = files
      .flatMap(importsOf)
      .filter(({ from, target }) => roomOf(join(source, from)) !== roomOf(target))
      .filter(({ target }) => {
        const path = relative(source, target);
        // A file that is a room of its own has no other door.
        const isRoom = path in allowed;
        return !isRoom && !path.endsWith(`${sep}index.ts`) && path !== join('config', 'model.ts');
      });
    expect(wrong).toEqual([]);
  });

  it('stand in ARCHITECTURE.md', () => {
    const page = readFileSync(join(source, '..', 'ARCHITECTURE.md'), 'utf8');
    for (const room of Object.keys(allowed)) {
      const cell = `\`${room}${room.endsWith('.ts') ? '' : '/'}\``;
      expect(page).toMatch(new RegExp(`^\\| ${cell} *\\|`, 'm'));
    }
  });
});
