import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { projectRoot } from '../peers/installed.js';
import { SurvivalSite } from '../survival/site.js';

/** How long requests wait for a process and for its answer, and how much of an answer is taken. */

const groups = {
  threads: 'threads=2',
  queue: 'threads=1 queue-timeout=1',
  backlog: 'threads=1 listen-backlog=1 connect-timeout=1 queue-timeout=60',
  absent: 'connect-timeout=1',
  silent: 'socket-timeout=1',
  header: 'header-buffer-size=8192',
  plain: '',
  slow: 'response-socket-timeout=1',
};

describe.each(['py', 'mjs'])('a request to a .%s script', (end) => {
  const site = new SurvivalSite();
  const apps = join(projectRoot, 'test/features/apps');

  beforeAll(async () => {
    const dying = join(site.folder, `dying.${end}`);
    writeFileSync(dying, end === 'py' ? 'import os\nos._exit(3)\n' : 'process.exit(3);\n');
    const lines = Object.entries(groups).flatMap(([name, options]) => {
      const script = name === 'absent' ? dying : `${apps}/waiting.${end}`;
      return [
        `WSGIDaemonProcess ${name} ${options} env=GATES=${site.folder}`,
        `WSGIScriptAlias /${name} ${script} process-group=${name} application-group=%{GLOBAL}`,
      ];
    });
    // One front end, so that there is one line.
    await site.start(
      `ServerLimit 1
WSGIImportScript ${dying} process-group=absent application-group=%{GLOBAL}
${lines.join('\n')}`,
    );
  });
  afterAll(() => site.remove());

  const ask = (path: string) => fetch(`http://127.0.0.1:${site.port}${path}`);
  const open = (gate: string) => writeFileSync(join(site.folder, gate), '');
  /** Waits until the process of a group has so many requests. */
  const holds = (group: string, count: number) =>
    expect
      .poll(async () => {
        const { groups: all } = await site.status();
        return all.find(({ name }) => name === group)?.processes[0]?.active;
      })
      .toBe(count);

  it('is one of threads= at once; the others wait', async () => {
    const all = Array.from({ length: 5 }, () => ask('/threads/until/free'));
    await holds('threads', 2);
    // Nothing tells when the other three have come.
    await new Promise((resolve) => setTimeout(resolve, 300));
    await holds('threads', 2);
    open('free');
    expect((await Promise.all(all)).map(({ status }) => status)).toEqual([200, 200, 200, 200, 200]);
  });

  it('waits in line no longer than queue-timeout: 504', async () => {
    const inside = ask('/queue/until/left');
    await holds('queue', 1);
    expect((await ask('/queue')).status).toBe(504);
    await site.said('no daemon process was free for 1 s (queue-timeout)');
    open('left');
    expect((await inside).status).toBe(200);
    expect((await ask('/queue')).status).toBe(200);
  });

  it('finds no place in a line of listen-backlog, and waits for one no longer than connect-timeout: 503', async () => {
    const inside = ask('/backlog/until/gone');
    await holds('backlog', 1);
    // One of them stands in the line, the other before it.
    const others = [ask('/backlog'), ask('/backlog')];
    expect((await Promise.race(others)).status).toBe(503);
    await site.said(
      '1 requests wait for this process group already (listen-backlog), for 1 s (connect-timeout)',
    );
    open('gone');
    const statuses = (await Promise.all([inside, ...others])).map(({ status }) => status);
    expect(statuses.sort()).toEqual([200, 200, 503]);
  });

  it('waits for a process that never comes up no longer than connect-timeout: 503', async () => {
    expect((await ask('/absent')).status).toBe(503);
    await site.said('no daemon process came up within 1 s (connect-timeout)');
  });

  it('waits for the head of the answer, and for more of it, no longer than socket-timeout', async () => {
    expect((await ask('/silent/sleep/3')).status).toBe(504);
    await site.said('sent no response head for 1 s (socket-timeout)');
    const begun = await ask('/silent/pause/3');
    expect(begun.status).toBe(200);
    await expect(begun.text()).rejects.toThrow();
    await site.said('sent nothing more for 1 s (socket-timeout)');
    expect((await ask('/silent/pause/0.2')).status).toBe(200);
  });

  it('is answered with 500 when one header is longer than header-buffer-size', async () => {
    expect((await ask('/header/header/8000')).headers.get('X-Long')).toHaveLength(8000);
    expect((await ask('/header/header/9000')).status).toBe(500);
    await site.said('X-Long is longer than 8192 bytes (header-buffer-size)');
    expect((await ask('/plain/header/9000')).status).toBe(200);
    expect((await ask('/plain/header/33000')).status).toBe(500);
  });

  it('is cut off when its client takes nothing for response-socket-timeout', async () => {
    const socket = connect({ port: site.port, host: '127.0.0.1' });
    socket.on('error', () => {});
    socket.write('GET /slow/endless HTTP/1.1\r\nHost: localhost\r\n\r\n');
    await once(socket, 'readable');
    // Nothing is read any more.
    await site.said('(response-socket-timeout)');
    socket.destroy();
    expect((await ask('/slow')).status).toBe(200);
  });
});
