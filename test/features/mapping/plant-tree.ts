import { cpSync, mkdirSync, utimesSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const apps = fileURLToPath(new URL('apps', import.meta.url));

/** The files that the sites speak of. */
export function plantTree(root: string): void {
  for (const [name, text] of Object.entries(files)) {
    const path = join(root, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
    // Long enough ago for a strong ETag.
    utimesSync(path, 1_735_787_045, 1_735_787_045);
  }
  cpSync(apps, join(root, 'apps'), { recursive: true });
  for (const name of ['dump.wsgi', 'dump.foo']) cpSync(join(apps, 'dump.wsgi'), join(root, 'docs/s', name));
}

const files: Readonly<Record<string, string>> = {
  'docs/index.html': 'index',
  'docs/f.txt': 'f',
  'docs/range.txt': '0123456789abcdefghij',
  'docs/sub/index.html': 'sub index',
  'docs/sub/g.txt': 'g',
  'docs/sub/alt.html': 'alt',
  'docs/empty/x.txt': 'x',
  'docs/deep/a/b.txt': 'b',
  'docs/err/404.html': 'not found here',
  'docs/err/401.html': 'sign in',
  'docs/s/dump.wsgi.txt': 'no script',
  ...Object.fromEntries(
    [
      ...['a.html', 'a.html.en', 'a.en.html', 'a.html.gz', 'a.tar.gz', 'a.txt.unknown', 'noext', '.html'],
      ...['a.xyz', 'A.HTML', 'a.html.xyz', 'a.html.fr.utf8', 'a.php.txt', 'a.html.gz.zz', 'a.css', 'a.js'],
      ...['html.a', 'a.gz.html', 'a.html.de.en', 'a.Z.gz.txt', 'a..html', 'x.en'],
    ].map((name) => [`docs/t/${name}`, 't']),
  ),
  'alias/x.txt': 'alias x',
  htpasswd: 'alice:{SHA}tiY7sUhYKUwI5L3866kDY+ENcrQ=\n',
  types: `
text/html html
text/plain txt
text/css css
text/javascript js
application/gzip gz
chemical/x-xyz xyz
text/vnd.a a
`,
};
