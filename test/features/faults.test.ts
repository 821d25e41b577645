import { once } from 'node:events';
import { type ClientRequest, request as httpRequest, type IncomingMessage } from 'node:http';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { projectRoot } from '../peers/installed.js';
import { makeFolder, type RunningServer, removeFolder, startServer } from '../peers/server.js';

const apps = join(projectRoot, 'test/features/apps');

const runtimes = [
  { runtime: 'Python', mount: '/py', extension: 'py' },
  { runtime: 'JavaScript', mount: '/js', extension: 'mjs' },
] as const;

const siteFile = runtimes
  .map(
    ({ mount, extension }) => `
WSGIDaemonProcess faults-${extension} processes=2 threads=4
WSGIScriptAlias ${mount}/empty ${apps}/empty.${extension} process-group=faults-${extension} application-group=%{GLOBAL}
WSGIScriptAlias ${mount}/broken ${apps}/broken.${extension} process-group=faults-${extension} application-group=%{GLOBAL}
WSGIScriptAlias ${mount}/missing ${apps}/missing.${extension} process-group=faults-${extension} application-group=%{GLOBAL}
WSGIScriptAlias ${mount} ${apps}/faults.${extension} process-group=faults-${extension} application-group=%{GLOBAL}`,
  )
  .join('\n');

describe.each(runtimes)('a failing application in $runtime', ({ mount, extension }) => {
  let folder: string;
  let server: RunningServer;

  beforeAll(async () => {
    folder = makeFolder();
    server = await startServer(
      'modhost',
      `LogLevel info\n${siteFile}\n<Directory />\nRequire all granted\n</Directory>\nCustomLog logs/access_log common\n`,
      folder,
    );
  });
  afterAll(async () => {
    await server?.stop();
    removeFolder(folder);
  });

  const ask = (path: string) => fetch(server.origin + mount + path);

  /** The request, not yet ended; its answer when there is one. */
  function open(path: string, method = 'GET'): ClientRequest {
    const request = httpRequest({
      port: server.port,
      host: '127.0.0.1',
      path: mount + path,
      method,
      agent: false,
    });
    request.on('error', () => {});
    return request;
  }

  async function answerTo(request: ClientRequest): Promise<IncomingMessage> {
    const [answer] = (await once(request, 'response')) as [IncomingMessage];
    return answer;
  }

  it.each([
    ['raises before the head', '/before', 'broken before the head'],
    [
      'returns something else than bytes',
      '/text',
      extension === 'py' ? 'made of bytes, not str' : 'not number',
    ],
    ['does not call start_response', '/silent', extension === 'py' ? 'start_response' : 'startResponse'],
    ['sends a header with a line break', '/bad-header', 'X-Bad'],
    ['cannot be loaded', '/broken', extension === 'py' ? 'nowhere_to_be_found' : 'nowhere-to-be-found'],
    ['has no callable', '/empty', 'application'],
  ])('that %s answers 500 and says why', async (_, path, reason) => {
    const answer = await ask(path);
    expect(answer.status).toBe(500);
    expect(await answer.text()).not.toContain(reason);
    await server.logged(reason);
    await server.logged('answered 500: ');
    expect((await ask('/fine')).status).toBe(200);
  });

  it('that raises after the head is visibly cut off', async () => {
    const answer = await ask('/after');
    expect(answer.status).toBe(200);
    await expect(answer.text()).rejects.toThrow();
    await server.logged('broken after the head');
    await server.logged('the response was cut off');
  });

  it('that sends less than its Content-Length is visibly cut off', async () => {
    const answer = await ask('/short');
    await expect(answer.text()).rejects.toThrow();
  });

  it('answers 404 for a script that is not there', async () => {
    expect((await ask('/missing')).status).toBe(404);
    await server.logged('the script file does not exist: ');
  });

  it('killed before the head answers 502, while others go on', async () => {
    const slow = open('/slow-head').end();
    await server.logged('slow-head is in pid');
    const pids = [...server.log().matchAll(/slow-head is in pid (\d+)/g)].map(([, pid]) => Number(pid));
    const others = Array.from({ length: 20 }, () => ask('/fine'));
    process.kill(pids.at(-1) as number, 'SIGKILL');
    const answer = await answerTo(slow);
    expect(answer.statusCode).toBe(502);
    answer.resume();
    const statuses = (await Promise.all(others)).map(({ status }) => status);
    // Those that were in the killed process itself may be lost, but only those.
    expect(statuses.filter((status) => status !== 200 && status !== 502)).toEqual([]);
    expect(statuses).toContain(200);
    await server.logged('was ended by signal SIGKILL');
    await server.logged('answered 502: daemon process');
    expect((await ask('/fine')).status).toBe(200);
  });

  it('killed after the head is visibly cut off', async () => {
    const slow = await answerTo(open('/slow-body').end());
    const [first] = (await once(slow, 'data')) as [Buffer];
    const pid = Number(/pid (\d+)/.exec(first.toString())?.[1]);
    process.kill(pid, 'SIGKILL');
    await expect(text(slow)).rejects.toThrow('aborted');
    await server.logged('the response was cut off: daemon process');
    // Another front end may hear of the death a moment later, and hand the dead process one request more.
    await expect.poll(async () => (await ask('/fine')).status).toBe(200);
  });

  it('learns that the client left in the middle of a download', async () => {
    const before = server.log().split('the endless response was closed').length;
    const endless = await answerTo(open('/endless').end());
    await once(endless, 'data');
    endless.destroy();
    await expect.poll(() => server.log().split('the endless response was closed').length).toBe(before + 1);
  });

  it('learns that the client left in the middle of an upload', async () => {
    const upload = open('/upload', 'POST');
    upload.setHeader('Content-Length', '1000000');
    upload.write(Buffer.alloc(100_000));
    await server.logged('the upload begins');
    upload.destroy();
    await server.logged('the upload broke off');
    await server.logged('the client left before the request body was complete');
  });
});
