import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { copyFileSync, readFileSync, utimesSync, writeFileSync } from 'node:fs';
import type { Socket } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { projectRoot } from '../peers/installed.js';
import { isAlive, SurvivalSite } from '../survival/site.js';
import { openRaw } from './raw-client.js';

/** Large uploads at once, in the middle of which something changes. */

const apps = join(projectRoot, 'test/features/apps');
let site: SurvivalSite;

const siteFile = (turn: number) => `ServerLimit 1
WSGIDaemonProcess one threads=6 env=TURN=${turn} graceful-timeout=60
WSGIProcessGroup one
WSGIApplicationGroup %{GLOBAL}
WSGIScriptAlias /py ${site.folder}/upload-digest.py
WSGIScriptAlias /js ${site.folder}/upload-digest.mjs`;

beforeEach(async () => {
  site = new SurvivalSite();
  for (const name of ['upload-digest.py', 'upload-digest.mjs'])
    copyFileSync(join(apps, name), join(site.folder, name));
  writeFileSync(join(site.folder, 'begun'), '');
  await site.start(siteFile(0));
});
afterEach(() => site.remove());

/** A client in the middle of its upload. */
class Upload {
  readonly socket: Socket;
  readonly #body = randomBytes(3_000_000);
  #at = 0;

  constructor(path: string) {
    this.socket = openRaw(site.port);
    const { length } = this.#body;
    this.socket.write(
      `POST ${path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: ${length}\r\n\r\n`,
    );
  }

  send(bytes: number): void {
    this.socket.write(this.#body.subarray(this.#at, this.#at + bytes));
    this.#at += bytes;
  }

  /** Sends the rest; the process that has answered, if it got the body as it is, or what else came. */
  async finish(): Promise<string> {
    this.send(this.#body.length - this.#at);
    return this.answer();
  }

  async answer(): Promise<string> {
    let text = '';
    this.socket.setEncoding('latin1').on('data', (piece) => {
      text += piece;
    });
    this.socket.on('end', () => this.socket.end());
    await once(this.socket, 'close');
    const [pid = '', digest = ''] = text.slice(text.indexOf('\r\n\r\n') + 4).split(' ');
    if (text.startsWith('HTTP/1.1 200')) return digest === this.#digest ? pid : `wrong digest from ${pid}`;
    return text.slice(0, text.indexOf('\r\n'));
  }

  get #digest(): string {
    return createHash('sha256').update(this.#body).digest('hex');
  }
}

/** Starts an upload, and waits until the application has the first of it. */
async function begin(path: string): Promise<Upload> {
  const upload = new Upload(path);
  upload.send(600_000);
  const name = path.slice('/py'.length);
  await expect
    .poll(() => readFileSync(join(site.folder, 'begun'), 'utf8').split('\n'), { interval: 5 })
    .toContain(name);
  return upload;
}

describe.each(['/py', '/js'])('large uploads to an application at %s', (mount) => {
  const pid = async () => Number(await site.ask(`${mount}/pid`));

  it.each([
    [
      'graceful',
      async () => {
        site.writeSite(siteFile(1));
        expect((await site.command('graceful')).exitCode).toBe(0);
      },
    ],
    [
      'a changed script',
      async () => {
        const later = new Date(Date.now() + 10_000);
        utimesSync(
          join(site.folder, mount === '/py' ? 'upload-digest.py' : 'upload-digest.mjs'),
          later,
          later,
        );
      },
    ],
  ])('end well through %s, and the old process ends after them', { timeout: 40_000 }, async (_, change) => {
    const old = await pid();
    const first = await begin(`${mount}/first`);
    const second = await begin(`${mount}/second`);
    await change();
    await expect.poll(pid, { timeout: 20_000 }).not.toBe(old);
    const third = await begin(`${mount}/third`);
    const fresh = await pid();
    expect(await second.finish()).toBe(`${old}`);
    expect(isAlive(old)).toBe(true);
    expect(await first.finish()).toBe(`${old}`);
    expect(await third.finish()).toBe(`${fresh}`);
    await expect.poll(() => isAlive(old), { timeout: 10_000 }).toBe(false);
    expect(site.output).not.toMatch(/:error]|:crit]|Traceback/);
  });
});

it('are lost with the connection to their daemon process, and those that come later are not', {
  timeout: 40_000,
}, async () => {
  const process = Number(await site.ask('/py/pid'));
  const other = await begin('/py/other');
  const cut = await begin('/py/first-cut');
  for (const upload of [cut, other]) expect(await upload.answer()).toBe('HTTP/1.1 502 Bad Gateway');
  expect(await (await begin('/py/next')).finish()).toBe(`${process}`);
});
