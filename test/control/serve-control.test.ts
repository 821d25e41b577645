import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { askControl, type ControlRequest, serveControl } from '../../src/control/index.js';

describe('the control socket', () => {
  let folder: string;
  let path: string;
  let server: { close(): void };
  let asked: ControlRequest[];

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'modhost-control-'));
    // Even where everybody may enter the folder.
    chmodSync(folder, 0o777);
    path = join(folder, 'modhost.sock');
    asked = [];
    server = await serveControl(path, async (request) => {
      asked.push(request);
      if (request.command === 'plan') throw new Error('no such account');
      return { isDone: true };
    });
  });
  afterEach(() => {
    server.close();
    rmSync(folder, { recursive: true, force: true });
  });

  const isWell = async () =>
    expect(await askControl(path, { command: 'graceful' }, () => {})).toEqual({ isDone: true });

  it('is open to its own account only, whatever the umask', async () => {
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(process.umask()).not.toBe(0o177);
    await isWell();
  });

  it.skipIf(process.getuid?.() !== 0)('refuses another account', () => {
    const program = `require('node:net').connect(${JSON.stringify(path)})
      .on('connect', () => console.log('connected')).on('error', (error) => console.log(error.code))`;
    const { stdout } = spawnSync(process.execPath, ['-e', program], {
      uid: 65_534,
      gid: 65_534,
      timeout: 10_000,
      encoding: 'utf8',
      cwd: '/',
    });
    expect(stdout.trim()).toBe('EACCES');
  });

  it('says what could not be carried out, and goes on', async () => {
    const said: string[] = [];
    expect(await askControl(path, { command: 'plan' }, (text) => said.push(text))).toEqual({ isDone: false });
    expect(said).toEqual(['modhost: it could not be carried out: no such account']);
    await isWell();
  });

  it.each([
    ['nothing', ''],
    ['an empty line', '\n'],
    ['no JSON', 'status\n'],
    ['JSON that is no object', '[]\n'],
    ['null', 'null\n'],
    ['no command', '{}\n'],
    ['a command of another kind', '{"command":{"toString":1}}\n'],
    ['an unknown command', '{"command":"stop"}\n'],
    ['a group that is no text', '{"command":"reload","group":{"a":1}}\n'],
    ['a prototype', '{"__proto__":{"command":"graceful"}}\n'],
    ['half a request', '{"command":"gra'],
    ['bytes', Buffer.from([0xff, 0, 0xc3, 0x28, 10])],
    ['depth', `${'['.repeat(4_000)}\n`],
    ['more than any request', 'x'.repeat(1_000_000)],
  ])('is not disturbed by %s', async (_, sent) => {
    const answer = await say(path, sent);
    expect(answer).not.toContain('"isDone":true');
    expect(asked).toEqual([]);
    await isWell();
  });

  it('is not disturbed by noise', async () => {
    // The same on every run.
    let state = 1;
    const random = (below: number) => {
      state = (state * 48_271) % 0x7fff_ffff;
      return state % below;
    };
    const words = [
      '{',
      '}',
      '"command"',
      ':',
      '"reload"',
      '"group"',
      ',',
      '[',
      '\n',
      '\\u0000',
      '1e999',
      'é',
    ];
    const noise = Array.from({ length: 100 }, () =>
      Array.from({ length: random(12) }, () => words[random(words.length)]).join(''),
    );
    await Promise.all(noise.map((sent) => say(path, sent)));
    await isWell();
  });
});

/** Sends it and ends; resolves with what came back when the connection is closed, however that comes. */
function say(path: string, sent: string | Uint8Array): Promise<string> {
  return new Promise((resolve) => {
    let answer = '';
    const socket = connect(path, () => socket.end(sent));
    socket.setEncoding('utf8').on('data', (text) => {
      answer += text;
    });
    socket.on('error', () => {});
    socket.on('close', () => resolve(answer));
  });
}
