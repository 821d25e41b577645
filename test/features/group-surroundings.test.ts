import { execFileSync } from 'node:child_process';
import { mkdirSync, realpathSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { projectRoot } from '../peers/installed.js';
import { SurvivalSite } from '../survival/site.js';

/** What a daemon process finds around it: the options of WSGIDaemonProcess that are settled before its first request. */

const gigabyte = 2 ** 30;

const groups = {
  plain: '',
  three: 'processes=3',
  one: 'processes=1',
  home: 'home=FOLDER/home',
  umask: 'umask=0027',
  language: 'lang=C.UTF-8 locale=C.UTF-8',
  nowhere: 'locale=xx_NOWHERE.UTF-8',
  limits: `cpu-priority=5 cpu-time-limit=500 memory-limit=${4 * gigabyte} virtual-memory-limit=${64 * gigabyte}`,
  program: 'node=FOLDER/other-node',
  venv: 'python-home=FOLDER/venv',
  path: 'python-path=FOLDER/first:FOLDER/second',
  eggs: 'python-eggs=FOLDER/eggs',
  interpreter: `stack-size=${2 ** 20} switch-interval=0.02`,
};

interface Facts {
  readonly pid: number;
  readonly folder: string;
  readonly program: string;
  readonly firstOnPath: string;
  readonly path: readonly string[];
  readonly prefix: string;
  readonly umask: number;
  readonly variables: Readonly<Record<string, string | null | undefined>>;
  readonly timeLocale: string;
  readonly threadStack: number;
  readonly switchInterval: number;
  readonly nice: number;
  readonly data: number;
  readonly addressSpace: number;
  readonly processorTime: number;
  readonly multiprocess: boolean;
}

const site = new SurvivalSite();

beforeAll(async () => {
  const folder = site.folder;
  for (const name of ['home', 'first', 'second', 'beside', 'eggs']) mkdirSync(join(folder, name));
  writeFileSync(join(folder, 'first/more.pth'), `${folder}/beside\n`);
  symlinkSync(process.execPath, join(folder, 'other-node'));
  execFileSync('python3', ['-m', 'venv', '--without-pip', join(folder, 'venv')]);
  const apps = join(projectRoot, 'test/features/apps');
  const lines = Object.entries(groups).flatMap(([name, options]) => [
    `WSGIDaemonProcess ${name} ${options.replaceAll('FOLDER', folder)}`,
    ...['py', 'mjs'].map(
      (end) =>
        `WSGIScriptAlias /${name}/${end} ${apps}/surroundings.${end} process-group=${name} application-group=%{GLOBAL}`,
    ),
  ]);
  await site.start(lines.join('\n'));
});
afterAll(() => site.remove());

const factsOf = async (group: keyof typeof groups, end: string): Promise<Facts> =>
  JSON.parse(await site.ask(`/${group}/${end}`));

describe.each(['py', 'mjs'])('in a daemon process that serves a .%s script', (end) => {
  it('processes: so many of them serve', async () => {
    const seen = new Set<number>();
    await expect
      .poll(async () => {
        for (const { pid } of await Promise.all(Array.from({ length: 8 }, () => factsOf('three', end))))
          seen.add(pid);
        return seen.size;
      })
      .toBe(3);
  });

  it('home is the folder it works in', async () => {
    expect((await factsOf('home', end)).folder).toBe(realpathSync(join(site.folder, 'home')));
  });

  it('umask is its own', async () => {
    expect((await factsOf('umask', end)).umask).toBe(0o027);
    expect((await factsOf('plain', end)).umask).toBe(process.umask());
  });

  it('lang and locale are in the environment', async () => {
    expect((await factsOf('language', end)).variables).toMatchObject({ LANG: 'C.UTF-8', LC_ALL: 'C.UTF-8' });
  });

  it('cpu-priority, cpu-time-limit, memory-limit and virtual-memory-limit are the system’s', async () => {
    expect(await factsOf('limits', end)).toMatchObject({
      nice: 5,
      processorTime: 500,
      data: 4 * gigabyte,
      addressSpace: 64 * gigabyte,
    });
  });

  it('python-eggs is in the environment', async () => {
    expect((await factsOf('eggs', end)).variables).toMatchObject({
      PYTHON_EGG_CACHE: `${site.folder}/eggs`,
    });
  });
});

describe('in a Python process', () => {
  it('processes=1 is multiprocess, as it is to mod_wsgi; none given is not', async () => {
    expect((await factsOf('one', 'py')).multiprocess).toBe(true);
    expect((await factsOf('plain', 'py')).multiprocess).toBe(false);
  });

  it('home is the first place that modules are looked for', async () => {
    expect((await factsOf('home', 'py')).firstOnPath).toBe(join(site.folder, 'home'));
  });

  it('locale is in force, not only in the environment', async () => {
    expect((await factsOf('language', 'py')).timeLocale).toBe('C.UTF-8');
    expect((await factsOf('plain', 'py')).timeLocale).toBe('C');
  });

  it('a locale that the system does not have is warned of, and serves', async () => {
    expect((await factsOf('nowhere', 'py')).timeLocale).toBe('C');
    await site.said('locale=xx_NOWHERE.UTF-8');
  });

  it('python-home is the interpreter’s prefix', async () => {
    expect((await factsOf('venv', 'py')).prefix).toBe(join(site.folder, 'venv'));
  });

  it('python-path comes first, in its order, with what its .pth files name', async () => {
    const { path } = await factsOf('path', 'py');
    const ours = path.filter((place) => place.startsWith(site.folder));
    expect(ours).toEqual(['first', 'beside', 'second'].map((name) => join(site.folder, name)));
    expect(path.indexOf(ours[0] as string)).toBeLessThan(path.findIndex((place) => place.includes('/lib/')));
  });

  it('stack-size is that of the threads that serve', async () => {
    expect((await factsOf('interpreter', 'py')).threadStack).toBe(2 ** 20);
    expect((await factsOf('plain', 'py')).threadStack).toBeGreaterThan(2 ** 20);
  });

  it('switch-interval is the interpreter’s', async () => {
    expect((await factsOf('interpreter', 'py')).switchInterval).toBeCloseTo(0.02);
  });
});

it('node= is the program that a JavaScript process runs', async () => {
  expect((await factsOf('program', 'mjs')).program).toBe(join(site.folder, 'other-node'));
});
