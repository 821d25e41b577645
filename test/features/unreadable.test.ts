import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { projectRoot } from '../peers/installed.js';
import { makeFolder, type RunningServer, removeFolder, startServer } from '../peers/server.js';
import { askRaw } from './raw-client.js';

/** Answers to what is no request: with ErrorDocument, Header always and ServerSignature, as httpd gives them. */

let folder: string;
let server: RunningServer;

beforeAll(async () => {
  folder = makeFolder();
  mkdirSync(join(folder, 'documents'));
  writeFileSync(join(folder, 'documents/bad.html'), '<p>that was no request</p>');
  server = await startServer(
    'modhost',
    `
DocumentRoot ${folder}/documents
CustomLog logs/access_log "%s [%r] %m"
WSGIScriptAlias /app ${projectRoot}/test/features/apps/environ.py
ServerSignature On
Header always set X-Always yes
Header set X-Usual yes
ErrorDocument 400 /bad.html
ErrorDocument 405 "not that way"
ErrorDocument 501 /app/unknown
<Directory />
Require all granted
</Directory>`,
    folder,
  );
});
afterAll(async () => {
  await server?.stop();
  removeFolder(folder);
});

describe('what is no request', () => {
  it('gets the file of an ErrorDocument', async () => {
    const { statuses, text, connection } = await askRaw(server.port, 'GE(T / HTTP/1.1\r\nHost: a\r\n\r\n');
    expect(statuses).toEqual([400]);
    expect(connection).toBe('closed');
    expect(text).toContain('that was no request');
    expect(text).toContain('\r\nX-Always: yes\r\n');
    expect(text).toContain('\r\nX-Usual: yes\r\n');
    expect(text.match(/^Connection: close/gm)).toHaveLength(1);
  });

  it('gets the text of one', async () => {
    const { statuses, text } = await askRaw(server.port, 'CONNECT a:80 HTTP/1.1\r\nHost: a\r\n\r\n');
    expect(statuses[0]).toBe(405);
    expect(text).toContain('not that way');
    expect(text).toContain('X-Always: yes');
    expect(text).not.toContain('X-Usual');
  });

  it('gets the application of one', async () => {
    const { statuses, text } = await askRaw(server.port, 'FOOBAR / HTTP/1.1\r\nHost: a\r\n\r\n');
    expect(text).toContain('"PATH_INFO": "/unknown"');
    expect(text).toContain('"REDIRECT_STATUS": "501"');
    expect(statuses).toHaveLength(1);
  });

  it('is in the access log, without what could not be read', async () => {
    await askRaw(server.port, 'GE(T / HTTP/1.1\r\nHost: a\r\n\r\n');
    await expect
      .poll(() => readFileSync(join(folder, 'modhost/logs/access_log'), 'utf8').split('\n'))
      .toContain('400 [-] -');
  });
});
