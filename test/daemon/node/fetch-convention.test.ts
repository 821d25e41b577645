import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it } from 'vitest';
import { hostDaemon } from './hosted-daemon.js';

const hosted = hostDaemon();

let count = 0;
/** A script with `fetch(request, env, ctx)` of that body. */
function fetcher(body: string, head = ''): string {
  count += 1;
  return hosted.folder.write(
    `${count}.mjs`,
    `${head}\nexport default { async fetch(request, env, ctx) {\n${body}\n} }`,
  );
}

describe('the Request', () => {
  it('has method, absolute URL, headers, env and context', async () => {
    const script = fetcher(
      `return Response.json({
      method: request.method, url: request.url, headers: [...request.headers], isRequest: request instanceof Request,
      user: env.REMOTE_USER, environ: env.environ.REMOTE_USER, keys: Object.keys(env).includes('environ'), isSame: env.environ === env, printed: util.inspect(env).startsWith('{'),
      cloned: structuredClone(env).REMOTE_USER, spread: { ...env }.REMOTE_USER, context: Object.keys(ctx) })`,
      `import util from 'node:util';`,
    );
    const exchange = hosted.frontEnd.request(script, {
      url: '//evil.example/a%2fb?x=1',
      headers: ['Host', 'site.example:8443', 'X-Two', '1', 'X-Two', '2', 'X-Bytes', 'caf\u00e9'],
      environ: { HTTPS: 'On', REMOTE_USER: 'alice', REQUEST_METHOD: 'DELETE' },
    });
    expect(JSON.parse((await exchange.answer()).text)).toEqual({
      method: 'DELETE',
      url: 'https://site.example:8443//evil.example/a%2fb?x=1',
      headers: [
        ['host', 'site.example:8443'],
        ['x-bytes', 'caf\u00e9'],
        ['x-two', '1, 2'],
      ],
      isRequest: true,
      user: 'alice',
      environ: 'alice',
      keys: false,
      isSame: true,
      printed: true,
      cloned: 'alice',
      spread: 'alice',
      context: ['waitUntil', 'passThroughOnException'],
    });
  });

  it('comes with variables of any name', async () => {
    const script = fetcher(
      'return new Response([env.constructor, env.environ === env, env.REMOTE_USER].join())',
    );
    const environ = { environ: 'production', constructor: 'mine', REMOTE_USER: 'alice' };
    expect((await hosted.frontEnd.request(script, { environ }).answer()).text).toBe('mine,true,alice');
  });

  it('without Host is named after the server', async () => {
    const script = fetcher('return new Response(request.url)');
    expect((await hosted.frontEnd.request(script, { headers: [] }).answer()).text).toBe(
      'http://example.org:8080/',
    );
  });

  it('streams its body', async () => {
    const script = fetcher(
      `let n = 0; for await (const piece of request.body) n += piece.length; return new Response('got ' + n)`,
    );
    const body = Buffer.alloc(700_000);
    expect((await hosted.frontEnd.request(script, { method: 'POST', body }).answer()).text).toBe(
      'got 700000',
    );
  });

  it('reads its body as text, JSON and form', async () => {
    const script = fetcher(`
      if (request.headers.get('content-type').startsWith('application/json')) return new Response((await request.json()).a);
      return new Response((await request.formData()).get('a'));`);
    const post = (type: string, body: string) =>
      hosted.frontEnd
        .request(script, { method: 'POST', body, headers: ['Host', 'h', 'Content-Type', type] })
        .answer();
    expect((await post('application/json', '{"a":"json"}')).text).toBe('json');
    expect((await post('application/x-www-form-urlencoded', 'a=form')).text).toBe('form');
  });

  it('gives credit only for what is read', async () => {
    const script = fetcher(
      `await request.body.getReader().read(); await new Promise((r) => { globalThis.goOn = r }); return new Response('x')`,
    );
    const exchange = hosted.frontEnd.request(script, { method: 'POST', openBody: true });
    void exchange.send(Buffer.alloc(262_144));
    const other = fetcher(
      `while (!globalThis.goOn) await new Promise((r) => setImmediate(r)); globalThis.goOn(); return new Response('y')`,
    );
    await hosted.frontEnd.request(other).answer();
    expect(exchange.grantedBytes).toBeLessThanOrEqual(65_536);
    await exchange.answer();
  });

  it('whose body nobody reads does not stop the client', async () => {
    const exchange = hosted.frontEnd.request(fetcher(`return new Response('no')`), {
      method: 'POST',
      openBody: true,
    });
    const sent = exchange.sendAll(Buffer.alloc(1_000_000));
    expect((await exchange.answer()).text).toBe('no');
    await sent;
  });

  it.each(['GET', 'HEAD'])('of %s may come with a body, which is dropped', async (method) => {
    const exchange = hosted.frontEnd.request(fetcher(`return new Response(String(request.body))`), {
      method,
      body: 'surprise',
    });
    expect((await exchange.answer()).text).toBe(method === 'GET' ? 'null' : '');
  });

  it('that the standard has no room for is refused', async () => {
    const script = fetcher(`return new Response('reached')`);
    expect((await hosted.frontEnd.request(script, { method: 'TRACE' }).answer()).status).toBe(405);
    expect((await hosted.frontEnd.request(script, { headers: ['Host', 'a b'] }).answer()).status).toBe(400);
  });
});

describe('the Response', () => {
  it('keeps status, text and each Set-Cookie', async () => {
    const script =
      fetcher(`const headers = new Headers([['Set-Cookie', 'a=1'], ['Set-Cookie', 'b=2'], ['X-One', '1'], ['Connection', 'close'], ['Transfer-Encoding', 'chunked']]);
      return new Response('made', { status: 201, statusText: 'Made', headers })`);
    const exchange = hosted.frontEnd.request(script);
    await exchange.answer();
    const { status, reason, headers } = await exchange.response;
    expect([status, reason]).toEqual([201, 'Made']);
    expect(headers).toEqual([
      'content-type',
      'text/plain;charset=UTF-8',
      'set-cookie',
      'a=1',
      'set-cookie',
      'b=2',
      'x-one',
      '1',
      'content-length',
      '4',
    ]);
  });

  it.each([
    [`new Response(null, { status: 204 })`, 204, ''],
    [`new Response(null)`, 200, ''],
    [`Response.redirect('http://h/x', 302)`, 302, ''],
    [`new Response(new Uint8Array([104, 105]))`, 200, 'hi'],
    [`new Response(new Blob(['blob']))`, 200, 'blob'],
    [`{ status: 200, headers: new Headers(), body: null, bodyUsed: false }`, 200, ''],
  ])('%s', async (text, status, body) => {
    expect(await hosted.frontEnd.request(fetcher(`return ${text}`)).answer()).toMatchObject({
      status,
      text: body,
    });
  });

  it.each([
    ['a text', `new Response('hello')`, '5'],
    ['a text beyond ASCII', `new Response('h\u00e9llo \ud800')`, '10'],
    ['a long text', `new Response('h\u00e9llo'.repeat(5000))`, '30000'],
    ['an empty text', `new Response('')`, '0'],
    ['bytes', `new Response(new Uint8Array(3000))`, '3000'],
    ['JSON', `Response.json({ a: 1 })`, '7'],
    ['nothing', `new Response()`, '0'],
    ['a genuine Response of nothing', `new Response(null, { headers: [['A', 'b']] })`, '0'],
    ['a redirect', `Response.redirect('http://h/')`, '0'],
    ['a status without content', `new Response(null, { status: 204 })`, undefined],
    ['what has not changed', `new Response(null, { status: 304 })`, undefined],
    ['a form sent anew', `new Response(null, { status: 205 })`, '0'],
    ['a stream', `new Response(new Response('hello').body.pipeThrough(new TransformStream()))`, undefined],
    ['chunks', `new Response('hello', { headers: { 'Transfer-Encoding': 'chunked' } })`, '5'],
    [
      'fields that were set late',
      `(() => { const r = new Response('hello'); r.headers.set('A', 'b'); return r; })()`,
      '5',
    ],
    ['a length of its own', `new Response('hello', { headers: { 'Content-Length': '5' } })`, '5'],
    ['a length of its own in a list', `new Response('hello', { headers: [['Content-LENGTH', '5']] })`, '5'],
    ['a value of that name', `new Response('hello', { headers: { A: 'content-length', B: '7' } })`, '5'],
  ])('says the length of %s once, if there is one', async (_, text, length) => {
    const script = fetcher(`return ${text}`);
    for (let time = 0; time < 2; time += 1) {
      const exchange = hosted.frontEnd.request(script);
      const answer = await exchange.answer();
      const { headers } = await exchange.response;
      const said = headers.filter(
        (_name, at) => headers[at - 1]?.toLowerCase() === 'content-length' && at % 2 === 1,
      );
      expect(said).toEqual(length === undefined ? [] : [length]);
      if (length !== undefined) expect(exchange.receivedBytes).toBe(Number(length));
      expect(answer.status).toBeGreaterThan(199);
    }
  });

  it('says the length of each answer where fields are the same', async () => {
    const script = fetcher(`return new Response('x'.repeat(Number(request.url.split('=')[1])))`);
    for (const length of ['1', '2', '1', '0', '30', '1']) {
      const exchange = hosted.frontEnd.request(script, { url: `/?n=${length}` });
      expect((await exchange.answer()).headers).toMatchObject({ 'content-length': length });
      expect(exchange.receivedBytes).toBe(Number(length));
    }
  });

  it.each([
    [`new Response('hello')`, '5'],
    [`new Response(null)`, undefined],
    [`new Response('')`, undefined],
    [`new Response('', { headers: { 'Content-Length': '7' } })`, '7'],
  ])('to HEAD, %s has the length that GET would have, if that is known', async (text, length) => {
    const exchange = hosted.frontEnd.request(fetcher(`return ${text}`), { method: 'HEAD' });
    expect((await exchange.answer()).headers['content-length']).toBe(length);
    expect(exchange.receivedBytes).toBe(0);
  });

  it('to HEAD has no body but its length', async () => {
    const script = fetcher(`return new Response('hello', { headers: { 'Content-Length': '5' } })`);
    expect(await hosted.frontEnd.request(script, { method: 'HEAD' }).answer()).toMatchObject({
      text: '',
      headers: { 'content-length': '5' },
    });
  });

  it('streams as it is made, and no faster than it is taken', async () => {
    const script = fetcher(`let pulls = 0;
      return new Response(new ReadableStream({ pull(c) { pulls += 1; globalThis.pulls = pulls; if (pulls > 100) c.close(); else c.enqueue(new Uint8Array(16384)) } }))`);
    const exchange = hosted.frontEnd.request(script, { holdCredit: true });
    await exchange.until(() => exchange.receivedBytes === 262_144);
    const { text } = await hosted.frontEnd
      .request(fetcher('return new Response(String(globalThis.pulls))'))
      .answer();
    expect(Number(text)).toBeLessThan(22);
    exchange.grant(5_000_000);
    await exchange.answer();
    expect(exchange.receivedBytes).toBe(100 * 16384);
  });
});

describe('faults', () => {
  it.each([
    ['thrown', `throw new TypeError('broken fetch')`, 'TypeError: broken fetch'],
    ['undefined', ``, 'fetch() returned undefined in place of a Response'],
    ['a string', `return 'text'`, 'fetch() returned a string in place of a Response'],
    ['another object', `return new Map()`, 'fetch() returned an object (Map) in place of a Response'],
    ['Response.error()', `return Response.error()`, 'status 0 is not one of an answer'],
    ['read before', `const r = new Response('x'); await r.text(); return r`, 'whose body was read before'],
  ])('%s: 500 and a line that says why', async (_, text, complaint) => {
    const exchange = hosted.frontEnd.request(fetcher(text));
    expect(await exchange.aborted()).toBe('error');
    expect(exchange.logs.join('\n')).toContain(complaint);
  });

  it.each([
    [
      'an error',
      `c.enqueue(new Uint8Array(3)); await new Promise((r) => setTimeout(r, 5)); c.error(new Error('stream broke'))`,
      'Error: stream broke',
    ],
    ['text for bytes', `c.enqueue('text')`, 'gave a string in place of a Uint8Array'],
  ])('%s in the stream cuts the answer off', async (_, text, complaint) => {
    const exchange = hosted.frontEnd.request(
      fetcher(`return new Response(new ReadableStream({ async start(c) { ${text} } }))`),
    );
    expect(await exchange.aborted()).toBe('error');
    expect((await exchange.response).status).toBe(200);
    expect(exchange.logs.join('\n')).toContain(complaint);
  });
});

describe('a client that leaves', () => {
  it('aborts the signal', async () => {
    const script = fetcher(
      `request.signal.addEventListener('abort', () => { globalThis.signalled = true }); globalThis.entered = true; await new Promise(() => {})`,
    );
    const exchange = hosted.frontEnd.request(script);
    const ask = fetcher(
      `while (!globalThis[request.url.split('/').pop()]) await new Promise((r) => setImmediate(r)); return new Response('yes')`,
    );
    await hosted.frontEnd.request(ask, { url: '/entered' }).answer();
    exchange.abort();
    expect((await hosted.frontEnd.request(ask, { url: '/signalled' }).answer()).text).toBe('yes');
  });

  it('cancels the body of the answer and fails that of the request', async () => {
    const script = fetcher(`request.text().catch((e) => { globalThis.failed = e.name + ' ' + e.code });
      return new Response(new ReadableStream({ pull(c) { c.enqueue(new Uint8Array(65536)) }, cancel() { globalThis.cancelled = true } }))`);
    const exchange = hosted.frontEnd.request(script, { method: 'POST', openBody: true, holdCredit: true });
    await exchange.until(() => exchange.receivedBytes === 262_144);
    exchange.abort();
    const ask = fetcher(
      `while (!globalThis.cancelled || !globalThis.failed) await new Promise((r) => setImmediate(r)); return new Response(globalThis.failed)`,
    );
    expect((await hosted.frontEnd.request(ask).answer()).text).toBe('RequestAborted ECONNRESET');
  });

  it('does not fill the log, whatever the application makes of it', async () => {
    const script = fetcher(
      `await new Promise((_, reject) => request.signal.addEventListener('abort', () => reject(request.signal.reason)))`,
    );
    const exchange = hosted.frontEnd.request(script);
    await hosted.frontEnd.request(fetcher(`return new Response('x')`)).answer();
    exchange.abort();
    await hosted.frontEnd.request(fetcher(`return new Response('x')`)).answer();
    expect(hosted.daemon.output).not.toContain('AbortError');
  });
});

describe('waitUntil', () => {
  it('reports what is rejected', async () => {
    await hosted.frontEnd
      .request(
        fetcher(
          `ctx.waitUntil(new Promise((_, r) => setTimeout(r, 5, new Error('background broke')))); return new Response('x')`,
        ),
      )
      .answer();
    await hosted.daemon.printed('Error: background broke');
  });
});

describe('what is made when it is looked at', () => {
  it.each([
    ['of the request itself', 'request'],
    ['of a copy', 'request.clone()'],
    ['of a Request made of it', 'new Request(request)'],
  ])('aborts the signal %s when the client leaves', async (name, expression) => {
    const script = fetcher(
      `const copy = ${expression};
      copy.signal.addEventListener('abort', () => console.log('aborted', ${JSON.stringify(name)}, request.signal.aborted));
      console.log('waits', ${JSON.stringify(name)});
      await new Promise(() => {})`,
    );
    const exchange = hosted.frontEnd.request(script);
    const entered = () => exchange.logs.some((line) => line.includes('waits'));
    while (!entered()) await hosted.frontEnd.request(fetcher(`return new Response('x')`)).answer();
    exchange.abort();
    await hosted.daemon.printed(`aborted ${name} true`);
  });

  it('is an aborted signal for whoever asks after the client has left', async () => {
    const script = fetcher(
      `console.log('entered');
      await new Promise((resolve) => setTimeout(resolve, 50));
      console.log('asked late', request.signal instanceof AbortSignal, request.signal.aborted, request.signal === request.signal);`,
    );
    const exchange = hosted.frontEnd.request(script);
    while (exchange.logs.length === 0)
      await hosted.frontEnd.request(fetcher(`return new Response('x')`)).answer();
    exchange.abort();
    await hosted.daemon.printed('asked late true true true');
  });

  it.each([
    ['a text', `new Response('caf\u00e9 \ud800')`, 'caf\u00e9 \ufffd'],
    ['bytes', `new Response(new TextEncoder().encode('bytes'))`, 'bytes'],
    ['a part of a buffer', `new Response(new TextEncoder().encode('a part').subarray(2))`, 'part'],
    ['an ArrayBuffer', `new Response(new TextEncoder().encode('buffer').buffer)`, 'buffer'],
    ['parameters', `new Response(new URLSearchParams({ a: '1 2' }))`, 'a=1+2'],
    ['a Blob', `new Response(new Blob(['blob']))`, 'blob'],
    ['an empty text', `new Response('')`, ''],
    ['nothing', `new Response(null)`, ''],
    ['a copy of another', `new Response('original').clone()`, 'original'],
    ['the stream of another', `new Response(new Response('streamed').body)`, 'streamed'],
    ['JSON', `Response.json({ a: 1 })`, '{"a":1}'],
    ['a long text', `new Response('long \u00e9'.repeat(50_000))`, 'long \u00e9'.repeat(50_000)],
    ['a class of its own', `new (class extends Response {})('own')`, 'own'],
    ['a body made of another', `new Response(new Response('again').body, { status: 200 })`, 'again'],
    ['a body that is copied twice', `new Response(new Response('twice').clone().clone().body)`, 'twice'],
    [
      'a stream',
      `new Response(new ReadableStream({ start(c) { c.enqueue(new Uint8Array([104])); c.close() } }))`,
      'h',
    ],
  ])('answers with %s', async (_name, expression, expected) => {
    const { text } = await hosted.frontEnd.request(fetcher(`return ${expression}`)).answer();
    expect(text).toBe(expected);
  });

  it.each([
    [
      'set late',
      `const r = new Response('x', { headers: { A: '1' } }); r.headers.set('B', '2'); return r`,
      ['a=1', 'b=2'],
    ],
    [
      'set on a class of its own',
      `return new (class extends Response {})('x', { headers: { A: '1' } })`,
      ['a=1'],
    ],
    [
      'of another, and changed',
      `const r = new Response('x', { headers: { A: '1' } }); const s = new Response(r.body, r); s.headers.append('A', '2'); return s`,
      ['a=1, 2'],
    ],
    [
      'put over',
      `return Object.defineProperty(new Response('x'), 'headers', { value: new Headers({ A: '1' }) })`,
      ['a=1'],
    ],
    [
      'unlike those of the answer before',
      `globalThis.n ??= 0; return new Response('x', { headers: { A: String(n++) } })`,
      ['a=0'],
    ],
    [
      'unlike those of the answer before',
      `return new Response('x', { headers: { A: String(n++) } })`,
      ['a=1'],
    ],
    [
      'of cookies',
      `const r = new Response('x'); r.headers.append('Set-Cookie', 'a=1'); r.headers.append('Set-Cookie', 'b=2'); return r`,
      ['set-cookie=a=1', 'set-cookie=b=2'],
    ],
    [
      'longer than is kept',
      `return new Response('x', { headers: { A: 'long'.repeat(1000) } })`,
      [`a=${'long'.repeat(1000)}`],
    ],
  ])('answers with fields %s', async (_name, body, expected) => {
    const exchange = hosted.frontEnd.request(fetcher(body));
    expect((await exchange.answer()).text).toBe('x');
    const { headers } = await exchange.response;
    const fields = headers.flatMap((text, at) => (at % 2 === 0 ? [`${text}=${headers[at + 1]}`] : []));
    expect(fields.filter((field) => !/^content-(type|length)=/.test(field))).toEqual(expected);
  });

  it('answers with the status that was put over', async () => {
    const script = fetcher(`return Object.defineProperty(new Response('x'), 'status', { value: 299 })`);
    expect((await hosted.frontEnd.request(script).answer()).status).toBe(299);
  });

  it('uses up the body of a Response, as reading it would', async () => {
    const script = fetcher(`globalThis.kept ??= new Response('once'); return globalThis.kept`);
    expect((await hosted.frontEnd.request(script).answer()).text).toBe('once');
    const again = hosted.frontEnd.request(script);
    expect(await again.aborted()).toBe('error');
    expect(again.logs.join('\n')).toContain('whose body was read before');
  });

  it('refuses a Response whose body somebody else is reading', async () => {
    const exchange = hosted.frontEnd.request(
      fetcher(`const response = new Response('text'); response.body.getReader(); return response`),
    );
    expect(await exchange.aborted()).toBe('error');
  });

  it('takes a callable that returns no promise', async () => {
    const script = hosted.folder.write(
      'no-promise.mjs',
      `export default { fetch: (request) => (request.url.endsWith('/bad') ? 'text' : new Response('at once')) };`,
    );
    expect((await hosted.frontEnd.request(script).answer()).text).toBe('at once');
    const bad = hosted.frontEnd.request(script, { url: '/bad' });
    expect(await bad.aborted()).toBe('error');
    expect(bad.logs.join('\n')).toContain('fetch() returned a string in place of a Response');
  });
});

describe('fetch() of the application', () => {
  it.each(['request', 'new Request(request)', 'request.clone()', 'request.url, request'])(
    'passes on %s, and its answer',
    async (expression) => {
      const backend = createServer((request, response) => {
        response.writeHead(201, 'Passed', {
          'Set-Cookie': ['a=1', 'b=2'],
          'X-Seen': String(request.headers['x-own']),
        });
        request.pipe(response);
      }).listen(0, '127.0.0.1');
      await once(backend, 'listening');
      const { port } = backend.address() as AddressInfo;
      const exchange = hosted.frontEnd.request(fetcher(`return fetch(${expression})`), {
        method: 'POST',
        body: 'passed on',
        headers: ['Host', `127.0.0.1:${port}`, 'X-Own', 'own', 'Content-Type', 'text/plain'],
      });
      const { status, text, headers } = await exchange.answer();
      backend.close();
      backend.closeAllConnections();
      expect([status, text, headers['x-seen']]).toEqual([201, 'passed on', 'own']);
      expect((await exchange.response).headers.filter((field) => /^[ab]=/.test(field))).toEqual([
        'a=1',
        'b=2',
      ]);
    },
  );
});
