import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startLoad } from '../survival/load.js';
import { SurvivalSite } from '../survival/site.js';

/** Writes down each request before it is answered, with the process; /hold is never answered. */
const script = `import os, threading
HERE = os.path.dirname(os.path.abspath(__file__))

def application(environ, start_response):
    body = environ['wsgi.input'].read().decode()
    with open(os.path.join(HERE, 'entered'), 'a') as log:
        log.write('%s %d\\n' % (environ['PATH_INFO'] + body, os.getpid()))
    if environ['PATH_INFO'] == '/hold':
        threading.Event().wait()
    start_response('200 OK', [('Content-Type', 'text/plain')])
    return [environ['PATH_INFO'].encode() + body.encode()]
`;

describe('a daemon process with one thread that is killed', { timeout: 60_000 }, () => {
  let site: SurvivalSite;

  beforeEach(async () => {
    site = new SurvivalSite();
    writeFileSync(join(site.folder, 'app.py'), script);
    writeFileSync(join(site.folder, 'entered'), '');
    writeFileSync(join(site.folder, 'plain.txt'), 'plain');
    await site.start(`ServerLimit 1
WSGIDaemonProcess one threads=1
Alias /plain.txt ${site.folder}/plain.txt
WSGIScriptAlias /app ${site.folder}/app.py process-group=one application-group=%{GLOBAL}`);
  });
  afterEach(() => site?.remove());

  async function entered(count: number): Promise<{ what: string; pid: number }[]> {
    for (;;) {
      const lines = readFileSync(join(site.folder, 'entered'), 'utf8').split('\n').slice(0, -1);
      if (lines.length >= count)
        return lines.map((line) => ({
          what: line.split(' ')[0] as string,
          pid: Number(line.split(' ')[1]),
        }));
      await sleep(5);
    }
  }

  const ask = async (path: string, body?: string) => {
    const init = body === undefined ? {} : { method: 'POST', body };
    const response = await fetch(`http://127.0.0.1:${site.port}/app${path}`, init);
    return `${response.status} ${response.status === 200 ? await response.text() : ''}`;
  };

  it('loses only the request that its application had; those behind it are answered once', async () => {
    const held = ask('/hold');
    const [first] = await entered(1);
    const names = Array.from({ length: 9 }, (_, at) => `/${at}`);
    const behind = names.map((name, at) => (at % 3 === 0 ? ask(name, '-body') : ask(name)));
    // The front end has read them all once it answers what came after them.
    for (let count = 0; count < 3; count += 1) await site.ask('/plain.txt');
    process.kill(first?.pid ?? 0, 'SIGKILL');
    expect(await held).toBe('502 ');
    const whole = names.map((name, at) => (at % 3 === 0 ? `${name}-body` : name));
    expect(await Promise.all(behind)).toEqual(whole.map((what) => `200 ${what}`));
    const ran = (await entered(10)).slice(1);
    expect(ran.map(({ what }) => what).sort()).toEqual([...whole].sort());
    expect(ran.every(({ pid }) => pid !== first?.pid)).toBe(true);
  });

  it('fails one request each time, under load', async () => {
    const load = startLoad({ port: site.port, connections: 16, paths: ['/app/x'], pauseMs: 0 });
    const kills = 6;
    for (let count = 0; count < kills; count += 1) {
      await load.answeredMore(200);
      for (const pid of site.daemons) process.kill(pid, 'SIGKILL');
    }
    await load.answeredMore(50);
    await load.stop();
    expect(load.failures.filter(({ what }) => what !== 'status 502' && what !== 'cut')).toEqual([]);
    expect(load.failures.length).toBeLessThanOrEqual(kills);
  });
});
