import { execFileSync } from 'node:child_process';
import { chmodSync, chownSync, copyFileSync, mkdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { projectRoot } from '../peers/installed.js';
import { SurvivalSite } from '../survival/site.js';

/** Other accounts take root, and a checkout that they can read. */
const canChange = process.getuid?.() === 0 && isReadableByOthers(projectRoot);

describe.skipIf(!canChange).each(['py', 'mjs'])('as root, for a .%s script', (end) => {
  const site = new SurvivalSite();
  const at = (name: string) => join(site.folder, name);

  /** A script in a folder of its own, both of which belong to that account. */
  function place(name: string, uid: number, gid: number, modes: { folder: number; script: number }): string {
    mkdirSync(at(name));
    const script = join(at(name), `app.${end}`);
    copyFileSync(join(projectRoot, `test/features/apps/surroundings.${end}`), script);
    for (const path of [at(name), script]) chownSync(path, uid, gid);
    chmodSync(at(name), modes.folder);
    chmodSync(script, modes.script);
    return script;
  }

  beforeAll(async () => {
    const [uid, gid, other] = [idOf('-u', 'daemon'), idOf('-g', 'daemon'), idOf('-u', 'nobody')];
    const groups = {
      groups: ['user=daemon group=daemon supplementary-groups=mail,nogroup', uid, gid, 0o755, 0o644],
      own: ['script-user=daemon', uid, gid, 0o755, 0o644],
      foreign: ['script-user=daemon', other, gid, 0o755, 0o644],
      shared: ['script-user=daemon', uid, gid, 0o755, 0o664],
      loose: ['script-user=daemon', uid, gid, 0o777, 0o644],
      team: ['script-group=daemon', other, gid, 0o775, 0o664],
      stray: ['script-group=daemon', other, groupId('nogroup'), 0o755, 0o644],
      open: ['script-group=daemon', other, gid, 0o775, 0o666],
    } as const;
    const lines = Object.entries(groups).map(([name, [options, user, group, folder, script]]) => {
      const file = place(name, user, group, { folder, script });
      return `WSGIDaemonProcess ${name} ${options}
WSGIScriptAlias /${name} ${file} process-group=${name} application-group=%{GLOBAL}`;
    });
    await site.start(`User nobody\nGroup nogroup\n${lines.join('\n')}`);
  });
  afterAll(() => site.remove());

  const ask = (path: string) => fetch(`http://127.0.0.1:${site.port}${path}`);

  it('supplementary-groups are the groups of the process, besides its own, and no others', async () => {
    const { groups } = (await (await ask('/groups')).json()) as { groups: number[] };
    const expected = [groupId('mail'), groupId('nogroup')];
    expect(groups).toEqual(expected.sort((one, other) => one - other));
  });

  it.each(['/own', '/team'])('%s: a script of that account is served', async (path) => {
    expect((await ask(path)).status).toBe(200);
  });

  it.each([
    ['/foreign', '', 'does not belong to that user (script-user=daemon)'],
    ['/shared', `/app.${end}`, 'may be written by its group (script-user=daemon)'],
    ['/loose', '', 'may be written by everybody (script-user=daemon)'],
    ['/stray', '', 'does not belong to that group (script-group=daemon)'],
    ['/open', `/app.${end}`, 'may be written by everybody (script-group=daemon)'],
  ])('%s: any other is 403, and the log says why', async (path, file, reason) => {
    const answer = await ask(path);
    expect(answer.status).toBe(403);
    expect(await answer.text()).not.toContain(site.folder);
    await site.said(`${site.folder}${path}${file} ${reason}`);
  });
});

function idOf(kind: '-u' | '-g', user: string): number {
  return Number(execFileSync('id', [kind, user], { encoding: 'utf8' }));
}

function groupId(name: string): number {
  return Number(execFileSync('getent', ['group', name], { encoding: 'utf8' }).split(':')[2]);
}

function isReadableByOthers(path: string): boolean {
  const parts = path.split('/').map((_, index, all) => all.slice(0, index + 1).join('/') || '/');
  return parts.every((part) => (statSync(part).mode & 0o005) === 0o005);
}
