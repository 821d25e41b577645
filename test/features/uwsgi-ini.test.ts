import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeFolder, type RunningServer, removeFolder, startServer } from '../peers/server.js';

const application = `from . import colour
import os, sys
made = []
def application(environ, start_response):
    start_response('200 OK', [('Content-Type', 'text/plain')])
    facts = [__name__, colour, environ['SCRIPT_NAME'], environ['PATH_INFO'], os.getcwd() == sys.path[0], os.environ['WHO'],
        environ['wsgi.multithread'], len(made)]
    return [' '.join(map(str, facts)).encode()]
def create_app():
    made.append(1)
    return application
`;

describe('a process group by uwsgi.ini', () => {
  let folder: string;
  let server: RunningServer;

  beforeAll(async () => {
    folder = makeFolder();
    const project = join(folder, 'project');
    mkdirSync(join(project, 'pages/static'), { recursive: true });
    writeFileSync(join(project, 'pages/__init__.py'), "colour = 'green'\n");
    writeFileSync(join(project, 'pages/site.py'), application);
    writeFileSync(join(project, 'pages/static/page.txt'), 'a file');
    writeFileSync(
      join(project, 'uwsgi.ini'),
      `[uwsgi]
chdir = %d
module = pages.site
env = WHO=%c ; not a comment
mount = /made=pages.site:create_app()
static-map = /files=pages/static
socket = /never/opened.sock
`,
    );
    server = await startServer('modhost', `WSGIDaemonProcess site ini=${project}/uwsgi.ini`, folder);
  });
  afterAll(async () => {
    await server?.stop();
    removeFolder(folder);
  });

  const ask = async (path: string) => {
    const response = await fetch(server.origin + path);
    return `${response.status} ${await response.text()}`;
  };

  it('serves its module, under its own name, at /', async () => {
    expect(await ask('/a/b')).toBe('200 pages.site green  /a/b True project ; not a comment False 0');
  });

  it('serves what a function makes once, at the path of mount=', async () => {
    const answers = await Promise.all([ask('/made/x'), ask('/made/x'), ask('/made/x')]);
    const answer = '200 pages.site green /made /x True project ; not a comment False 1';
    expect(new Set(answers)).toEqual(new Set([answer]));
  });

  it('serves the files of static-map=', async () => {
    expect(await ask('/files/page.txt')).toBe('200 a file');
  });

  it('replaces its process when the file of the module changes', async () => {
    writeFileSync(join(folder, 'project/pages/site.py'), application.replace('__name__,', "'changed',"));
    expect(await ask('/')).toContain('200 changed green');
  });
});
