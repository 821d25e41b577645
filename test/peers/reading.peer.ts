import { mkdirSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type LeanHead, readLeanHead } from '../../src/http/index.js';
import { makeCorpus } from '../server/request-corpus.js';
import { apache } from './installed.js';
import { makeFolder, type RunningServer, removeFolder, startServer } from './server.js';

/** What modhost reads by itself, damaged requests that are still well-formed among it, has to mean the same to Apache. */

const sampled = 500;

const application = `
import json
def application(environ, start_response):
    names = ['REQUEST_METHOD', 'PATH_INFO', 'QUERY_STRING', 'CONTENT_LENGTH', 'HTTP_HOST', 'HTTP_COOKIE']
    said = {name: environ.get(name) for name in names}
    said['body'] = environ['wsgi.input'].read().decode('latin-1')
    text = json.dumps(said).encode()
    start_response('200 OK', [('Content-Type', 'application/json'), ('Content-Length', str(len(text)))])
    return [text]
`;

describe.skipIf(apache === undefined)('requests of the plain kind', () => {
  let folder: string;
  let servers: RunningServer[];

  beforeAll(async () => {
    folder = makeFolder();
    mkdirSync(join(folder, 'apps'));
    writeFileSync(join(folder, 'apps/echo.wsgi'), application);
    const site = `WSGIDaemonProcess echo threads=4\nWSGIProcessGroup echo\nWSGIScriptAlias / ${folder}/apps/echo.wsgi
LimitRequestFieldSize 8190\n<Directory ${folder}/apps>\nRequire all granted\n</Directory>`;
    servers = [await startServer('Apache', site, folder), await startServer('modhost', site, folder)];
  });
  afterAll(async () => {
    for (const server of servers ?? []) await server.stop();
    removeFolder(folder);
  });

  it('mean the same to Apache', async () => {
    const samples = takeSamples();
    expect(samples.length).toBe(sampled);
    const differing: unknown[] = [];
    for (let at = 0; at < samples.length; at += 10)
      await Promise.all(
        samples.slice(at, at + 10).map(async (sample) => {
          const [ofApache, ofModhost] = await Promise.all(servers.map((server) => ask(server, sample)));
          if (ofApache !== ofModhost) differing.push({ sample: sample.text, ofApache, ofModhost });
        }),
      );
    expect(differing).toEqual([]);
  });
});

interface Sample {
  readonly text: string;
  readonly heads: readonly LeanHead[];
}

/** Requests that are read leanly from the first to the last byte, each of them once. */
function takeSamples(): Sample[] {
  const samples = new Map<string, Sample>();
  for (const pieces of makeCorpus(9, 12_000)) {
    const text = pieces.join('');
    const heads = readAll(text);
    if (heads !== undefined && samples.size < sampled) samples.set(text, { text, heads });
  }
  return [...samples.values()];
}

function readAll(text: string): LeanHead[] | undefined {
  const heads: LeanHead[] = [];
  let rest = text;
  while (rest !== '') {
    const head = readLeanHead(rest, { headBytes: 100_000, headerLines: 100 });
    if (head === undefined) return undefined;
    const end = head.length + (head.fields.bodyLength ?? 0);
    if (rest.length < end) return undefined;
    heads.push(head);
    rest = rest.slice(end);
  }
  return heads;
}

/** Statuses in their order, and what the application has seen of requests that came so far. */
function ask({ port }: RunningServer, { text, heads }: Sample): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1').setEncoding('latin1').setTimeout(10_000);
    let got = '';
    const finish = (how: string) => {
      socket.destroy();
      resolve(`${readAnswers(got, heads).answers.join('\n')} ${how}`.trim());
    };
    socket.on('data', (piece) => {
      got += piece;
      if (readAnswers(got, heads).isComplete) finish('');
    });
    socket.on('error', () => finish('reset'));
    socket.on('timeout', () => finish('silent'));
    socket.on('end', () => finish(''));
    socket.write(text, 'latin1');
  });
}

function readAnswers(got: string, heads: readonly LeanHead[]): { answers: string[]; isComplete: boolean } {
  const answers: string[] = [];
  let rest = got;
  for (const { method } of heads) {
    const [head = '', status] = /^HTTP\/1\.1 (\d+) .*?\r\n\r\n/s.exec(rest) ?? [];
    if (status === undefined) return { answers, isComplete: false };
    // Pages of errors are each server's own, and the connection ends behind most of them.
    if (status !== '200') return { answers: [...answers, status], isComplete: true };
    const length = method === 'HEAD' ? 0 : Number(/content-length: (\d+)/i.exec(head)?.[1] ?? Number.NaN);
    const body = rest.slice(head.length, head.length + length);
    if (body.length < length) return { answers, isComplete: false };
    answers.push(`${status} ${body}`);
    rest = rest.slice(head.length + length);
  }
  return { answers, isComplete: true };
}
