import { describe, expect, it } from 'vitest';
import type { CallInterface } from '../../../src/wire/index.js';
import type { RequestOptions } from './daemon-client.js';
import { hostDaemon } from './hosted-daemon.js';

const hosted = hostDaemon();

interface Case {
  readonly title: string;
  /** Module text; a name ending in .cjs makes it CommonJS. */
  readonly text: string;
  readonly file?: string;
  readonly request?: RequestOptions;
  readonly answer: string;
}

const http = "import http from 'node:http';\n";
const fetchSays = (word: string): string => `{ fetch() { return new Response('${word}') } }`;
const nodeSays = (word: string): string => `(req, res) => { res.end('${word}') }`;
const wsgiSays = (word: string): string =>
  `function application(environ, startResponse) { startResponse('200 OK', []); return ['${word}'] }`;

/** What a framework's instance is known by, without the framework; the real ones are in test/peers. */
const fastifyLike = `const app = { routing(req, res) { res.end(this.isReady ? 'fastify' : 'not ready') },
  async ready() { this.isReady = true }, then(resolve) { resolve('never awaited') }, server: null };`;
const koaLike = `class Koa { use() {} callback() { return (req, res) => res.end('koa') } }`;
const expressLike = `const app = (req, res, next) => res.end('express ' + (next === undefined)); app.handle = app.use = () => {};`;
const nestLike = `const app = { getHttpAdapter: () => ({ getInstance: () => express }), async init() { ready = true } };
  let ready = false; const express = (req, res) => res.end('nest ' + ready); express.handle = express.use = () => {};`;

const cases: readonly Case[] = [
  {
    title: 'application before default',
    text: `export default ${fetchSays('default')}; export const application = ${fetchSays('application')}`,
    answer: 'application',
  },
  {
    title: 'default before app',
    text: `export default ${fetchSays('default')}; export const app = ${fetchSays('app')}`,
    answer: 'default',
  },
  {
    title: 'app before handler',
    text: `export const app = ${fetchSays('app')}; export const handler = ${fetchSays('handler')}`,
    answer: 'app',
  },
  {
    title: 'handler before server',
    text: `export const handler = ${nodeSays('handler')}; export const server = ${fetchSays('server')}`,
    answer: 'handler',
  },
  {
    title: 'server',
    text: `${http}export const server = http.createServer(${nodeSays('server')})`,
    answer: 'server',
  },
  {
    title: 'the callable that the alias names',
    text: `export const other = ${fetchSays('other')}; export const application = ${fetchSays('no')}`,
    request: { callableName: 'other' },
    answer: 'other',
  },
  {
    title: 'fetch wins over everything else it may be',
    text: `${expressLike} app.fetch = () => new Response('fetch'); export default app`,
    answer: 'fetch',
  },
  {
    title: 'fetch is called with its object',
    text: `class App { word = 'this'; fetch() { return new Response(this.word) } } export default new App()`,
    answer: 'this',
  },
  {
    title: 'an http.Server under default',
    text: `${http}export default http.createServer(${nodeSays('default server')})`,
    answer: 'default server',
  },
  { title: 'Fastify', text: `${fastifyLike} export default app`, answer: 'fastify' },
  { title: 'Koa', text: `${koaLike} export default new Koa()`, answer: 'koa' },
  { title: 'Express, without next', text: `${expressLike} export default app`, answer: 'express true' },
  {
    title: 'Express as application',
    text: `${expressLike} export const application = app`,
    answer: 'express true',
  },
  { title: 'Nest', text: `${nestLike} export default app`, answer: 'nest true' },
  {
    title: 'a promise of an application',
    text: `${koaLike} export default Promise.resolve(new Koa())`,
    answer: 'koa',
  },
  { title: 'WSGI', text: `export ${wsgiSays('wsgi')}`, answer: 'wsgi' },
  {
    title: 'WSGI under the name the alias says',
    text: `export const api = ${wsgiSays('api')}`,
    request: { callableName: 'api' },
    answer: 'api',
  },
  { title: 'default with two parameters', text: `export default ${nodeSays('two')}`, answer: 'two' },
  {
    title: 'default with three parameters',
    text: `export default (req, res, next) => next()`,
    answer: 'Not Found\n',
  },
  { title: 'app with two parameters', text: `export const app = ${nodeSays('app')}`, answer: 'app' },
  {
    title: 'handler with two parameters',
    text: `export const handler = ${nodeSays('handler')}`,
    answer: 'handler',
  },
  {
    title: 'CommonJS module.exports',
    file: 'x.cjs',
    text: `module.exports = ${nodeSays('cjs')}`,
    answer: 'cjs',
  },
  {
    title: 'CommonJS exports.application',
    file: 'x.cjs',
    text: `const names = { application: ${wsgiSays('cjs wsgi')} }; module.exports = { ...names }`,
    answer: 'cjs wsgi',
  },
  {
    title: 'CommonJS compiled from export default',
    file: 'x.cjs',
    text: `Object.defineProperty(exports, '__esModule', { value: true }); exports.default = ${nodeSays('compiled')}`,
    answer: 'compiled',
  },
  {
    title: 'a .js file without package.json is CommonJS',
    file: 'x.js',
    text: `exports.app = ${nodeSays('js')}`,
    answer: 'js',
  },
  {
    title: 'require.main does not make the script start itself',
    file: 'x.cjs',
    text: `module.exports = ${nodeSays('hosted')}; if (require.main === module) throw new Error('main')`,
    answer: 'hosted',
  },
];

describe('what a script exports', () => {
  it.each(cases.map((entry, index) => ({ ...entry, index })))(
    '$title',
    async ({ index, text, file = 'x.mjs', request, answer }) => {
      const script = hosted.folder.write(`${index}/${file}`, text);
      expect((await hosted.frontEnd.request(script, request).answer()).text).toBe(answer);
    },
  );
});

describe('interface= decides', () => {
  const overrides: readonly [CallInterface, string, string, string][] = [
    [
      'fetch',
      'a plain function',
      `export default (request) => new Response('fetch ' + request.method)`,
      'fetch GET',
    ],
    [
      'node',
      'a function named application',
      `export function application(req, res) { res.end('node') }`,
      'node',
    ],
    [
      'node',
      'a function with one parameter',
      `export default function (req) { arguments[1].end('one') }`,
      'one',
    ],
    ['node', 'an instance', `${koaLike} export default new Koa()`, 'koa'],
    ['wsgi', 'a default export', `export default ${wsgiSays('wsgi')}`, 'wsgi'],
  ];
  it.each(overrides)('%s: %s', async (callInterface, title, text, answer) => {
    const script = hosted.folder.write(`${callInterface}-${title.replaceAll(' ', '-')}.mjs`, text);
    expect((await hosted.frontEnd.request(script, { callInterface }).answer()).text).toBe(answer);
  });

  it.each([
    ['fetch', 'export default 5'],
    ['node', `export default { fetch() {} }`],
    ['wsgi', `export default { fetch() {} }`],
  ] as const)('%s refuses what cannot be called so', async (callInterface, text) => {
    const script = hosted.folder.write(`refused-${callInterface}.mjs`, text);
    const exchange = hosted.frontEnd.request(script, { callInterface });
    expect(await exchange.aborted()).toBe('error');
    expect(exchange.logs[0]).toContain(`cannot be called with interface=${callInterface}`);
  });

  it('per alias, for one script', async () => {
    const script = hosted.folder.write(
      'both.mjs',
      `export default (a, b) => (b.end ? void b.end('node') : (b('200 OK', []), ['wsgi']))`,
    );
    const ask = (callInterface: CallInterface) => hosted.frontEnd.request(script, { callInterface }).answer();
    expect((await ask('node')).text).toBe('node');
    expect((await ask('wsgi')).text).toBe('wsgi');
  });
});

describe('what cannot be called is refused', () => {
  it.each([
    ['no parameter', 'export default () => {}', 'default is a function with 0 parameters'],
    [
      'one parameter',
      'export const application = (environ) => []',
      'application is a function with 1 parameter,',
    ],
    ['rest parameters', 'export default (...all) => {}', 'with 0 parameters'],
    ['application with three', 'export function application(a, b, c) {}', 'with 3 parameters'],
    ['default with four', 'export default (a, b, c, d) => {}', 'with 4 parameters'],
    ['a class', 'export default class { constructor(a, b) {} }', 'default is a class'],
    ['a number', 'export const app = 5', 'app is a number'],
    [
      'an unknown object',
      'export const application = { run() {} }',
      'application is an object that is no application',
    ],
    ['a server nobody listens to', `${http}export default http.createServer()`, 'default is an object'],
    ['other names', 'export const main = () => {}, x = 1', 'its exports are main, x'],
  ])('%s', async (title, text, complaint) => {
    const script = hosted.folder.write(`refuse-${title.replaceAll(' ', '-')}.mjs`, text);
    const exchange = hosted.frontEnd.request(script);
    expect(await exchange.aborted()).toBe('error');
    const log = exchange.logs.join('\n');
    expect(log).toContain(complaint);
    expect(log).toContain(script);
    for (const way of [
      'export default { fetch(',
      'export default function (request, response)',
      'export function application(environ, startResponse)',
      'interface=fetch',
    ])
      expect(log).toContain(way);
  });

  it('a callable that was named and is not there, though default is', async () => {
    const script = hosted.folder.write('named.mjs', `export default ${fetchSays('wrong one')}`);
    const exchange = hosted.frontEnd.request(script, { callableName: 'admin' });
    expect(await exchange.aborted()).toBe('error');
    expect(exchange.logs[0]).toContain('exports nothing named admin (WSGICallableObject)');
  });

  it('a promise that is rejected', async () => {
    const script = hosted.folder.write(
      'rejected.mjs',
      `export default new Promise((_, reject) => setTimeout(reject, 20, new Error('no database')))`,
    );
    const exchange = hosted.frontEnd.request(script);
    expect(await exchange.aborted()).toBe('error');
    expect(exchange.logs.join('\n')).toContain('Error: no database');
  });
});

describe('a script that listens by itself', () => {
  it.each([
    ['at once', `${http}http.createServer(${nodeSays('now')}).listen(1)`, 'now'],
    [
      'after a while',
      `${http}setTimeout(() => http.createServer(${nodeSays('later')}).listen(1), 30)`,
      'later',
    ],
    [
      'in an async main function',
      `${http}(async () => { await null; http.createServer(${nodeSays('main')}).listen({ port: 1 }) })()`,
      'main',
    ],
  ])('%s is hosted', async (title, text, answer) => {
    const script = hosted.folder.write(`listen-${title.replaceAll(' ', '-')}.mjs`, text);
    expect((await hosted.frontEnd.request(script).answer()).text).toBe(answer);
  });

  it('believes that it listens, though no port is open', async () => {
    const script = hosted.folder.write(
      'believes.cjs',
      `const http = require('node:http'), net = require('node:net');
       const seen = [];
       const server = http.createServer((req, res) => {
         net.connect(server.address().port, '127.0.0.1').on('error', (e) => res.end(seen.join() + ' ' + e.code)).on('connect', () => res.end('open'));
       });
       server.on('listening', () => seen.push('event'));
       server.listen(47113, '127.0.0.1', () => seen.push('callback', server.listening, server.address().port));`,
    );
    const { text } = await hosted.frontEnd.request(script).answer();
    expect(text.split(' ')[0]?.split(',').sort()).toEqual(['47113', 'callback', 'event', 'true']);
    expect(text).toContain('ECONNREFUSED');
  });

  it('is hosted by what it exports, if it exports something', async () => {
    const script = hosted.folder.write(
      'exports-too.mjs',
      `${http}http.createServer(${nodeSays('listening')}).listen(1); export default ${fetchSays('exported')}`,
    );
    expect((await hosted.frontEnd.request(script).answer()).text).toBe('exported');
  });

  it('may listen with other servers, and when it serves', async () => {
    const script = hosted.folder.write(
      'other.mjs',
      `import http from 'node:http'; import net from 'node:net'; import { once } from 'node:events';
       const plain = net.createServer((s) => s.end('plain')).listen(0, '127.0.0.1');
       export default async (req, res) => {
         if (!plain.listening) await once(plain, 'listening');
         const inner = http.createServer((q, s) => s.end('inner')).listen(0, '127.0.0.1');
         await once(inner, 'listening');
         const answer = await (await fetch('http://127.0.0.1:' + inner.address().port)).text();
         inner.close(); inner.closeAllConnections();
         let said = ''; for await (const d of net.connect(plain.address().port, '127.0.0.1')) said += d;
         res.end(answer + ' ' + said);
       }`,
    );
    expect((await hosted.frontEnd.request(script).answer()).text).toBe('inner plain');
  });

  it('can be closed again', async () => {
    const script = hosted.folder.write(
      'closed.mjs',
      `${http}const server = http.createServer(); server.listen(1);
       await new Promise((resolve) => server.once('listening', resolve));
       await new Promise((resolve) => server.close(resolve));
       export default (req, res) => res.end('closed ' + server.listening + ' ' + server.address())`,
    );
    expect((await hosted.frontEnd.request(script).answer()).text).toBe('closed false null');
  });
});
