import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { apache, projectRoot } from './installed.js';
import { makeFolder, removeFolder } from './server.js';

/** Site files of which both tools list the virtual hosts. */
const sites: readonly (readonly [name: string, text: string])[] = [
  ['no virtual host', ''],
  ['one on every address', '<VirtualHost *:18922>\nServerName one.example\n</VirtualHost>\n'],
  [
    'several by name, with aliases',
    `<VirtualHost 127.0.0.1:18921>
ServerName a.example
ServerAlias www.a.example *.wild.example b?.example
</VirtualHost>
<VirtualHost 127.0.0.1:18921>
ServerName b.example
</VirtualHost>
`,
  ],
  [
    'IPv6, any port, several addresses',
    `<VirtualHost [::1]:18922>
ServerName e.example:8443
</VirtualHost>
<VirtualHost _default_:*>
ServerName d.example
</VirtualHost>
<VirtualHost 127.0.0.2:18921 127.0.0.3:18921>
ServerName https://two.example
</VirtualHost>
`,
  ],
  ['accounts and variables', 'User nobody\nGroup nogroup\nDefine ONE\nDefine TWO 2\n'],
];

describe.skipIf(apache === undefined)('-S', () => {
  let root: string;
  beforeAll(() => {
    root = makeFolder();
    for (const name of ['docs', 'logs', 'run']) mkdirSync(join(root, name));
  });
  afterAll(() => removeFolder(root));

  it.each(sites)('prints what httpd prints: %s', (_, text) => {
    const site = join(root, 'site.conf');
    writeFileSync(
      site,
      `Listen 127.0.0.1:18921\nListen 127.0.0.1:18922\nServerName main.example\nDocumentRoot ${root}/docs
ErrorLog ${root}/logs/errors\nPidFile ${root}/run/pid\nDefaultRuntimeDir ${root}/run\n${text}`,
    );
    const modules = ['mpm_event', 'authz_core'].map(
      (name) => `LoadModule ${name}_module ${apache?.modules}/mod_${name}.so\n`,
    );
    writeFileSync(join(root, 'httpd.conf'), `ServerRoot ${root}\n${modules.join('')}Include ${site}\n`);
    const ofApache = list(apache?.program ?? '', ['-f', join(root, 'httpd.conf')]);
    const ofModhost = list(process.execPath, [join(projectRoot, 'dist/main.js'), '-d', root, '-f', site]);
    expect(ofApache.length).toBeGreaterThan(4);
    expect(ofModhost).toEqual(ofApache);
  });
});

/** The blocks of the page. Which address comes first is a matter of httpd's hash table; mutexes and its own defines are its own. */
function list(program: string, args: readonly string[]): readonly string[] {
  const { stdout } = spawnSync(program, [...args, '-S'], { encoding: 'utf8' });
  const page = stdout.split(/^(?:Process groups|Mounts):/m)[0] ?? '';
  return page
    .split(/\n(?! )/)
    .filter((block) => block !== '' && !/^(Mutex|Define: DUMP_|(User|Group): name="#-1")/.test(block))
    .sort();
}
