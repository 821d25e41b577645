import { type ChildProcess, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { phpFpm, projectRoot } from './installed.js';
import { hosts, makeFolder, type RunningServer, removeFolder, startServer } from './server.js';
import { waitForListener } from './wait-for-listener.js';

/** A real PHP-FPM: the texts of docs/proxy.md, as they stand there, on Apache and on modhost. */

const page = readFileSync(join(projectRoot, 'docs/proxy.md'), 'utf8');
const texts = [...page.matchAll(/```apache\n([\s\S]*?)```/g)].map(([, text = '']) => text);
const byFile = texts.find((text) => text.includes('SetHandler "proxy:unix:')) ?? '';
const byPattern = texts.find((text) => text.startsWith('ProxyPassMatch')) ?? '';

const show = `<?php
header('X-Php: yes');
setcookie('a', '1');
setcookie('b', '2');
foreach (['SCRIPT_NAME', 'SCRIPT_FILENAME', 'PATH_INFO', 'PHP_SELF', 'QUERY_STRING', 'REQUEST_METHOD', 'REMOTE_USER', 'PHP_AUTH_USER'] as $name)
  if (isset($_SERVER[$name])) echo "$name=$_SERVER[$name]\\n";
echo 'body ', hash('sha256', file_get_contents('php://input')), "\\n";
foreach ($_FILES as $file) echo "file $file[name] $file[size]\\n";
error_log("noted by php\\nin two lines");
`;
const stream = `<?php
ini_set('output_buffering', '0');
for ($at = 0; $at < 1024; $at++) { echo str_repeat('x', 1 << 16); flush(); }
`;

describe.skipIf(phpFpm === undefined)('PHP-FPM', () => {
  let folder: string;
  let php: ChildProcess;
  let socket: string;

  beforeAll(async () => {
    folder = makeFolder();
    socket = join(folder, 'php.sock');
    const files = {
      'index.php': show,
      'blog/index.php': show,
      'closed/a.php': show,
      'stream.php': stream,
      'moved.php': '<?php header("Location: /elsewhere");',
      'gone.php': '<?php http_response_code(410); echo "gone";',
      'fails.php': '<?php no_such_function();',
      'dies.php': '<?php shell_exec("kill -9 " . getmypid());',
    };
    for (const [name, text] of Object.entries(files)) {
      mkdirSync(join(folder, 'shop', name, '..'), { recursive: true });
      writeFileSync(join(folder, 'shop', name), text);
    }
    writeFileSync(join(folder, 'users'), 'alice:{SHA}tiY7sUhYKUwI5L3866kDY+ENcrQ=\n');
    mkdirSync(join(folder, 'uploads'));
    chmodSync(join(folder, 'uploads'), 0o777);
    const lines = [
      '[global]',
      `error_log = ${folder}/fpm.log`,
      '[www]',
      ...(process.getuid?.() === 0 ? ['user = nobody', 'group = nogroup'] : []),
      `listen = ${socket}`,
      'listen.mode = 0666',
      'pm = static',
      'pm.max_children = 2',
      'php_admin_value[post_max_size] = 64M',
      'php_admin_value[upload_max_filesize] = 64M',
      'php_admin_value[log_errors] = 1',
      'php_admin_value[display_errors] = 0',
      `php_admin_value[upload_tmp_dir] = ${folder}/uploads`,
      `php_admin_value[sys_temp_dir] = ${folder}/uploads`,
    ];
    writeFileSync(join(folder, 'fpm.conf'), `${lines.join('\n')}\n`);
    php = spawn(phpFpm ?? '', ['-n', '-F', '-y', join(folder, 'fpm.conf')], { stdio: 'ignore' });
    await waitForListener({ path: socket });
  });
  afterAll(async () => {
    const ended = once(php, 'exit');
    php.kill('SIGTERM');
    await ended;
    removeFolder(folder);
  });

  describe.each(hosts)('behind %s', (host) => {
    let server: RunningServer;
    const adapt = (text: string) =>
      text
        .replaceAll('/srv/shop', join(folder, 'shop'))
        .replaceAll('/run/php/php-fpm.sock', socket)
        .replaceAll('fcgi://127.0.0.1:9000', `unix:${socket}|fcgi://localhost`);

    beforeAll(async () => {
      const patterns = adapt(byPattern).replace('"^/(', '"^/match/(');
      const siteFile = `${adapt(byFile)}${patterns}
<Proxy *>
Require all granted
</Proxy>
<Location /closed>
AuthType Basic
AuthName closed
AuthUserFile ${folder}/users
Require valid-user
</Location>
<Directory ${folder}/shop/blog>
FallbackResource /blog/index.php
</Directory>`;
      server = await startServer(host, siteFile, folder);
    });
    afterAll(async () => await server?.stop());

    const get = async (path: string, init?: RequestInit) => {
      const answer = await fetch(server.origin + path, { redirect: 'manual', ...init });
      return { answer, status: answer.status, text: await answer.text() };
    };

    it.each([
      ['/', '/index.php', 'index.php', undefined],
      ['/index.php/more/info?q=1', '/index.php', 'index.php', '/more/info'],
      ['/blog/2026/a-post', '/blog/index.php', 'blog/index.php', undefined],
      ['/match/index.php/info', '/match/index.php', 'index.php', '/info'],
    ])('runs %s', async (path, scriptName, file, pathInfo) => {
      const { answer, text } = await get(path);
      expect(answer.headers.get('x-php')).toBe('yes');
      expect(answer.headers.getSetCookie()).toEqual(['a=1', 'b=2']);
      expect(text).toContain(`SCRIPT_NAME=${scriptName}\n`);
      expect(text).toContain(`SCRIPT_FILENAME=${folder}/shop/${file}\n`);
      expect(text.match(/PATH_INFO=(.*)/)?.[1]).toBe(pathInfo);
    });

    it('runs what is not there as PHP-FPM answers it', async () => {
      expect(await get('/none.php')).toMatchObject({ status: 404, text: 'File not found.\n' });
    });

    it('passes uploads on', async () => {
      const form = new FormData();
      form.append('file', new Blob([new Uint8Array(20 << 20)]), 'zeros.bin');
      expect((await get('/index.php', { method: 'POST', body: form })).text).toContain(
        `file zeros.bin ${20 << 20}\n`,
      );
      const { text } = await get('/index.php', { method: 'PUT', body: 'hello' });
      expect(text).toContain('body 2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824');
    });

    // Apache does, too, but mostly without their number, and then PHP finds nothing.
    const lengths = host === 'modhost' ? [100, 200_000, 5_000_000] : [];
    it.each(lengths)('passes %i bytes on whose number nobody knew', async (length) => {
      const bytes = Buffer.from(Array.from({ length }, (_, at) => (at * 7 + (at >> 8)) & 255));
      const body = new ReadableStream({
        start(controller) {
          for (let at = 0; at < length; at += 50_000) controller.enqueue(bytes.subarray(at, at + 50_000));
          controller.close();
        },
      });
      const { text } = await get('/index.php', { method: 'POST', body, duplex: 'half' });
      expect(text).toContain(`body ${createHash('sha256').update(bytes).digest('hex')}`);
    });

    it('passes 64 MB of answer on', async () => {
      expect((await get('/stream.php')).text.length).toBe(64 << 20);
    });

    it('lets PHP redirect, and choose the status', async () => {
      const { answer, status } = await get('/moved.php');
      expect([status, answer.headers.get('location')]).toEqual([302, '/elsewhere']);
      expect(await get('/gone.php')).toMatchObject({ status: 410, text: 'gone' });
    });

    it('tells who has logged in', async () => {
      expect((await get('/closed/a.php')).status).toBe(401);
      const { text } = await get('/closed/a.php', {
        headers: { Authorization: `Basic ${Buffer.from('alice:wonderland').toString('base64')}` },
      });
      expect(text).toContain('REMOTE_USER=alice\n');
      expect(text).not.toContain('PHP_AUTH_USER');
    });

    it('has in its error log what PHP says', async () => {
      expect((await get('/fails.php')).status).toBe(500);
      await server.logged('Call to undefined function no_such_function()');
      await server.logged('noted by php');
      await server.logged('in two lines');
    });

    it('answers for a process that dies', async () => {
      expect((await get('/dies.php')).status).toBe(503);
      expect((await get('/')).status).toBe(200);
    });
  });
});
