import { chmodSync, mkdirSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { dirname, join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Ask, type Case, type Change, readCases } from './differential/read-cases.js';
import { type EchoBackend, startEchoBackend } from './echo-backend.js';
import { apache } from './installed.js';
import { makeFolder, type RunningServer, removeFolder, startServer } from './server.js';

const cases = readCases();

describe.skipIf(apache === undefined)('Apache and modhost agree', () => {
  let folder: string;
  let backend: EchoBackend;

  beforeAll(async () => {
    folder = makeFolder();
    makeTree(folder);
    backend = await startEchoBackend();
  });
  afterAll(async () => {
    await backend?.stop();
    removeFolder(folder);
  });

  it('has enough to compare', () => {
    expect(cases.flatMap(({ requests }) => requests).length).toBeGreaterThanOrEqual(150);
  });

  describe.each(cases)('on $name', (one) => {
    let ofApache: RunningServer;
    let ofModhost: RunningServer;

    beforeAll(async () => {
      for (const [path, text] of one.files) change(folder, { kind: 'write', path, text });
      const siteFile = expand(one, folder).replaceAll('@BACKEND@', backend.address);
      ofApache = await startServer('Apache', siteFile, join(folder, `on-${one.name}`));
      ofModhost = await startServer('modhost', siteFile, join(folder, `on-${one.name}`));
    });
    afterAll(async () => {
      await ofApache?.stop();
      await ofModhost?.stop();
      for (const path of one.files.keys()) change(folder, { kind: 'remove', path });
    });

    it.each(
      one.requests.map((ask) => [`${ask.method} ${ask.path} ${ask.headers.join(' ')}`.trim(), ask] as const),
    )('%s', async (_, ask) => {
      for (const each of ask.changes) change(folder, each);
      const [wanted, got] = [await send(ofApache, ask), await send(ofModhost, ask)];
      if (ask.difference === undefined) expect(got).toEqual(wanted);
      else expect(got, `no difference any more: ${ask.difference}`).not.toEqual(wanted);
    });
  });
});

function expand({ siteFile }: Case, folder: string): string {
  return fillPaths(siteFile, folder);
}

function fillPaths(text: string, folder: string): string {
  return text.replaceAll('@ROOT@', join(folder, 'root')).replaceAll('@APPS@', join(folder, 'apps'));
}

/** What a case's own files are, and what becomes of them. */
function change(folder: string, { path, ...how }: Change): void {
  const file = join(folder, 'root', path);
  if (how.kind === 'remove') rmSync(file, { force: true, recursive: true });
  else if (how.kind === 'mode') chmodSync(file, how.mode);
  else {
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, fillPaths(how.text, folder));
    utimesSync(file, 1_700_000_000, 1_700_000_000);
  }
}

interface Answer {
  readonly status: number | undefined;
  readonly headers: Readonly<Record<string, string | undefined>>;
  /** Of answers that are not the server's own page. */
  readonly body?: string;
}

/** Headers whose value is the server's decision. */
const comparedHeaders = [
  'location',
  'www-authenticate',
  'content-type',
  'content-range',
  'accept-ranges',
  'last-modified',
  'content-encoding',
  'content-language',
  'cache-control',
  'set-cookie',
  'vary',
];

async function send(server: RunningServer, ask: Ask): Promise<Answer> {
  const answer = await new Promise<IncomingMessage>((resolve, reject) => {
    const { method, path } = ask;
    const request = httpRequest(
      { host: '127.0.0.1', port: server.port, method, path, agent: false },
      resolve,
    );
    for (let at = 0; at < ask.headers.length; at += 2) {
      request.setHeader(ask.headers[at] as string, ask.headers[at + 1] as string);
    }
    request.on('error', reject);
    request.end();
  });
  const body = (await buffer(answer)).toString('latin1');
  const neutral = (text: string | undefined) =>
    text?.replaceAll(`:${server.port}`, ':PORT').replaceAll(/\/(apache|modhost)\//g, '/HOST/');
  const names = [...comparedHeaders, ...Object.keys(answer.headers).filter((name) => name.startsWith('x-'))];
  const headers = Object.fromEntries(
    names.map((name) => [name, neutral(answer.headers[name]?.toString())]).filter(([, value]) => value),
  );
  const isOwnPage = (answer.statusCode ?? 0) >= 300;
  return { status: answer.statusCode, headers, ...(isOwnPage ? {} : { body: neutral(body) ?? '' }) };
}

/** See differential/README.md. */
function makeTree(folder: string): void {
  const root = join(folder, 'root');
  const files = {
    'index.html': '<p>root index</p>',
    'f.txt': 'f in root\n0123456789\n',
    noext: 'no extension',
    'page.html': '<p>page</p>',
    'a b.txt': 'blank in the name',
    'é.txt': 'accent in the name',
    '.htpasswd': 'alice:plain',
    'dir/index.html': '<p>dir index</p>',
    'dir/f.txt': 'f in dir',
    'dir/sub/f.txt': 'f in sub',
    'secret/f.txt': 'f in secret',
    'secret/open/f.txt': 'f in open',
    '../users': 'alice:{SHA}tiY7sUhYKUwI5L3866kDY+ENcrQ=\nbob:{SHA}9SMYoF5RilWWASry7TjeaKwmpGg=\n',
    '../groups': 'staff: alice\n',
    '../apps/env.py': environApp,
  };
  for (const name of ['dir/sub', 'secret/open', 'empty', '../apps'])
    mkdirSync(join(root, name), { recursive: true });
  for (const [name, text] of Object.entries(files)) {
    writeFileSync(join(root, name), text);
    // Long enough ago for a strong ETag and for If-Range by date.
    utimesSync(join(root, name), 1_700_000_000, 1_700_000_000);
  }
  symlinkSync('f.txt', join(root, 'link.txt'));
  symlinkSync('nowhere', join(root, 'dangling'));
}

const environApp = `
KEYS = ("REQUEST_METHOD", "SCRIPT_NAME", "PATH_INFO", "QUERY_STRING", "REQUEST_URI", "SERVER_NAME", "SERVER_PORT",
        "REMOTE_USER", "AUTH_TYPE", "CONTENT_TYPE", "CONTENT_LENGTH", "HTTP_AUTHORIZATION", "HTTP_X_TEST", "HTTP_X_UNDER_SCORE",
        "HTTP_PROXY", "HTTP_X_ONE", "HTTP_X_TWO", "HTTP_COOKIE", "REMOTE_ADDR", "DOCUMENT_ROOT", "SCRIPT_FILENAME", "REQUEST_SCHEME", "SERVER_PROTOCOL", "FROM_SITE", "FROM_SETENVIF",
        "wsgi.url_scheme", "wsgi.multithread", "wsgi.multiprocess", "mod_wsgi.process_group", "mod_wsgi.application_group",
        "mod_wsgi.callable_object", "SCRIPT_URL", "SCRIPT_URI", "REDIRECT_STATUS", "REDIRECT_URL", "REDIRECT_QUERY_STRING",
        "REDIRECT_FROM_SITE", "REDIRECT_SCRIPT_URL", "REDIRECT_REDIRECT_FROM_SITE", "REDIRECT_REMOTE_USER", "REDIRECT_FROM_SETENVIF")

def application(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain"), ("X-Twice", "a"), ("X-Twice", "b")])
    lines = ["%s=%r" % (key, environ[key]) for key in KEYS if key in environ]
    return ["\\n".join(lines).encode()]

other = application
`;
