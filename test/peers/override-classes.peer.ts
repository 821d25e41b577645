import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { overrideClassesOf } from '../../src/config/override-classes.js';
import { apache } from './installed.js';
import { makeFolder, removeFolder } from './server.js';

/** Modules of which Apache takes one only, or that need more than themselves to be loaded. */
const leftOut =
  /^mod_(mpm_(?!event)|cgi\.|proxy_|lbmethod|authnz|auth_form|session|authn_dbd|authz_dbd|ssl|md|lua|dav|cache|socache|xml|heart|case|bucket|dialup|http2)/;

describe.skipIf(apache === undefined)('what may stand in a .htaccess file', () => {
  let folder: string;
  beforeAll(() => {
    folder = makeFolder();
    mkdirSync(join(folder, 'logs'));
  });
  afterAll(() => removeFolder(folder));

  it('is the same as in httpd -L', () => {
    const listed = readList(listDirectives(folder));
    expect(listed.size).toBeGreaterThan(200);
    const ours = [...listed.keys()].map((name) => [name, [...overrideClassesOf(name)].sort()]);
    expect(ours).toEqual([...listed].map(([name, classes]) => [name, [...classes].sort()]));
  });
});

function listDirectives(folder: string): string {
  if (apache === undefined) throw new Error('Apache is not installed');
  const { modules, program } = apache;
  const lines = readdirSync(modules)
    .filter((name) => /^mod_\w+\.so$/.test(name) && !leftOut.test(name))
    .map((name) => `LoadModule ${name.slice(4, -3)}_module ${join(modules, name)}`);
  const file = join(folder, 'all.conf');
  writeFileSync(file, `${lines.join('\n')}\nServerRoot ${folder}\n`);
  return execFileSync(program, ['-L', '-f', file], { encoding: 'utf8' });
}

/** Directive → classes of AllowOverride. */
function readList(text: string): Map<string, readonly string[]> {
  const listed = new Map<string, readonly string[]>();
  for (const [, name = '', rest = ''] of text.matchAll(/^(\S+) \(\S+\)\n((?:\t.*\n?)*)/gm)) {
    const [, words] = /and in \.htaccess\s+when AllowOverride (.*)/.exec(rest) ?? [];
    const classes = words?.startsWith("isn't")
      ? ['AuthConfig', 'FileInfo', 'Indexes', 'Limit', 'Options']
      : (words?.replace('includes ', '').split(' or ') ?? []);
    listed.set(name, classes);
  }
  return listed;
}
