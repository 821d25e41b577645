import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { projectRoot } from '../peers/installed.js';
import { makeFolder, type RunningServer, removeFolder, startServer } from '../peers/server.js';

const python = {
  name: 'py',
  handler: `import os
def reload_required(path):
    if path.endswith('raises.page'):
        raise RuntimeError('cannot tell')
    if path.endswith('asks.page'):
        return True
def handle_request(environ, start_response):
    start_response('200 OK', [('Content-Type', 'text/plain')])
    keys = ('SCRIPT_NAME', 'PATH_INFO', 'SCRIPT_FILENAME', 'mod_wsgi.process_group', 'mod_wsgi.request_handler')
    return [' '.join([str(os.getpid())] + [environ[key] for key in keys]).encode()]
`,
  application: `import os
def make(name):
    def application(environ, start_response):
        start_response('200 OK', [('Content-Type', 'text/plain')])
        return [('%s of %s' % (name, environ['mod_wsgi.process_group'])).encode()]
    return application
application = make('application')
other = make('other')
`,
  dispatch: `
def process_group(environ):
    asked = environ.get('HTTP_X_GROUP')
    if asked == 'exit':
        import os
        os._exit(3)
    return 7 if asked == 'odd' else asked
def callable_object(environ):
    return environ.get('HTTP_X_CALLABLE')
`,
};

const javascript = {
  name: 'mjs',
  handler: `
export function reloadRequired(path) {
  if (path.endsWith('raises.page')) throw new Error('cannot tell');
  return path.endsWith('asks.page');
}
export function handleRequest(environ, startResponse) {
  startResponse('200 OK', [['Content-Type', 'text/plain']]);
  const keys = ['SCRIPT_NAME', 'PATH_INFO', 'SCRIPT_FILENAME', 'mod_wsgi.process_group', 'mod_wsgi.request_handler'];
  return [[process.pid, ...keys.map((key) => environ[key])].join(' ')];
}
`,
  application: `
const make = (name) => function (environ, startResponse) {
  startResponse('200 OK', [['Content-Type', 'text/plain']]);
  return [name + ' of ' + environ['mod_wsgi.process_group']];
};
export const application = make('application');
export const other = make('other');
`,
  dispatch: `
export async function processGroup(environ) {
  const asked = environ.HTTP_X_GROUP;
  if (asked === 'exit') process.exit(3);
  return asked === 'odd' ? 7 : asked;
}
export const callableObject = (environ) => environ.HTTP_X_CALLABLE;
`,
};

describe.each([python, javascript])('scripts in .$name', ({ name, handler, application, dispatch }) => {
  let folder: string;
  let server: RunningServer;
  const path = (file: string) => join(folder, file);

  beforeAll(async () => {
    folder = makeFolder();
    writeFileSync(path(`handler.${name}`), handler);
    writeFileSync(path(`application.${name}`), application);
    writeFileSync(path(`dispatch.${name}`), dispatch);
    writeFileSync(path(`lacking.${name}`), application);
    writeFileSync(path(`broken.${name}`), 'this is no program (');
    server = await startServer(
      'modhost',
      `
DocumentRoot ${folder}
WSGIDaemonProcess one
WSGIDaemonProcess two
WSGIDaemonProcess asked
WSGIDaemonProcess service threads=0
WSGIProcessGroup one
WSGIApplicationGroup %{GLOBAL}
WSGIHandlerScript My-Handler ${path(`handler.${name}`)}
AddHandler my-handler .page
<Location /handled>
    SetHandler my-handler
</Location>
<Location /lacking>
    WSGIHandlerScript lacking ${path(`lacking.${name}`)}
    SetHandler lacking
</Location>
WSGIScriptAlias /app ${path(`application.${name}`)} process-group=one
WSGIScriptAlias /restricted ${path(`application.${name}`)}
WSGIScriptAlias /broken ${path(`application.${name}`)}
WSGIScriptAlias /missing ${path(`application.${name}`)}
WSGIScriptAlias /functionless ${path(`application.${name}`)}
<LocationMatch ^/(app|restricted)>
    WSGIDispatchScript ${path(`dispatch.${name}`)} process-group=asked
</LocationMatch>
<Location /restricted>
    WSGIRestrictProcess one asked
</Location>
<Location /broken>
    WSGIDispatchScript ${path(`broken.${name}`)}
</Location>
<Location /missing>
    WSGIDispatchScript ${path(`missing.${name}`)}
</Location>
<Location /functionless>
    WSGIDispatchScript ${path(`lacking.${name}`)}
</Location>`,
      folder,
    );
  });
  afterAll(async () => {
    await server?.stop();
    removeFolder(folder);
  });

  const ask = async (target: string, headers: Record<string, string> = {}) => {
    const answer = await fetch(server.origin + target, { headers });
    return { status: answer.status, text: await answer.text() };
  };

  it('a handler script answers what SetHandler and AddHandler give it, there or not', async () => {
    expect((await ask('/handled/x')).text).toMatch(
      new RegExp(`^\\d+ /handled /x ${path('handled')} one my-handler$`),
    );
    expect((await ask('/some.page')).text).toContain(`/some.page  ${path('some.page')} one my-handler`);
    expect((await ask('/lacking')).status).toBe(500);
    await server.logged('handle_request');
  });

  it('a handler script is loaded anew when it asks for it, once for each request', async () => {
    const pidOf = async (target: string) => Number.parseInt((await ask(target)).text, 10);
    const first = await pidOf('/handled');
    expect(await pidOf('/handled/x')).toBe(first);
    const second = await pidOf('/asks.page');
    expect(second).not.toBe(first);
    expect(await pidOf('/handled')).toBe(second);
    expect(await pidOf('/raises.page')).toBe(second);
    await server.logged('cannot tell');
    expect(await pidOf('/asks.page')).not.toBe(second);
  });

  it('a dispatch script chooses the group and the callable', async () => {
    expect(await ask('/app')).toEqual({ status: 200, text: 'application of one' });
    expect((await ask('/app', { 'x-group': 'two' })).text).toBe('application of two');
    expect((await ask('/app', { 'x-callable': 'other' })).text).toBe('other of one');
    expect((await ask('/app', { 'x-group': '%{GLOBAL}' })).text).toBe('application of ');
  });

  it.each([
    ['/app', 'nobody', 'no daemon process group "nobody"'],
    ['/app', 'service', 'serves no requests (threads=0)'],
    ['/app', 'odd', 'process_group'],
    ['/app', 'exit', 'WSGIDispatchScript'],
    ['/restricted', 'two', 'WSGIRestrictProcess does not let applications run in the process group "two"'],
    ['/broken', 'one', 'WSGIDispatchScript'],
    ['/missing', 'one', 'WSGIDispatchScript'],
    ['/functionless', 'one', 'no function process_group, application_group or callable_object'],
  ])('refuses %s for the group %s', async (target, group, reason) => {
    expect((await ask(target, { 'x-group': group })).status).toBe(500);
    await server.logged(reason);
  });

  it('explain says who is asked', () => {
    const file = join(folder, 'modhost/site.conf');
    const explain = (target: string) =>
      execFileSync(
        process.execPath,
        [join(projectRoot, 'dist/main.js'), 'explain', '-f', file, server.origin + target],
        {
          encoding: 'utf8',
        },
      );
    expect(explain('/app')).toMatch(/dispatch\s+\S+ is asked for groups and callable.*site\.conf:\d+\)/);
    expect(explain('/handled')).toMatch(/the handler my-handler answers for it.*site\.conf:\d+\)/);
  });
});
