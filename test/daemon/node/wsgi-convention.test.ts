import { describe, expect, it } from 'vitest';
import { hostDaemon } from './hosted-daemon.js';

const hosted = hostDaemon({ start: { threads: 8, multiprocess: true } });

let count = 0;
/** A script whose `application(environ, startResponse)` has that body. */
function wsgi(body: string, kind = 'function'): string {
  count += 1;
  return hosted.folder.write(
    `${count}.mjs`,
    `const state = globalThis.state ??= {};\nexport ${kind} application(environ, startResponse) {\n${body}\n}`,
  );
}
const ok = `startResponse('200 OK', [['Content-Type', 'text/plain']]);`;

/** What scripts left in `state` under a name, once it is there. */
async function stateOf(name: string): Promise<string> {
  const script = wsgi(
    `${ok} while (state['${name}'] === undefined) await new Promise((r) => setImmediate(r)); return [String(state['${name}'])]`,
    'async function',
  );
  return (await hosted.frontEnd.request(script).answer()).text;
}

describe('the environ', () => {
  it('is that of CGI with HTTP_* and wsgi.*', async () => {
    const script = wsgi(
      `${ok} const { 'wsgi.input': input, 'wsgi.errors': errors, ...rest } = environ; return [JSON.stringify({ ...rest, read: typeof input.read, write: typeof errors.write })]`,
    );
    const { text } = await hosted.frontEnd
      .request(script, {
        url: '/a%20b?c=d',
        headers: [
          'Host',
          'h',
          'X-Two',
          '1',
          'x-two',
          '2',
          'X_Two',
          'spoof',
          'Proxy',
          'evil',
          'Content-Type',
          'text/x',
          'Content-Length',
          '3',
          'Cookie',
          'a=1',
          'Cookie',
          'b=2',
        ],
        environ: { HTTPS: '1', REMOTE_USER: 'alice', AUTH_TYPE: 'Basic' },
        body: 'abc',
      })
      .answer();
    const environ = JSON.parse(text) as Record<string, unknown>;
    expect(environ).toMatchObject({
      REQUEST_METHOD: 'GET',
      PATH_INFO: '/a b',
      QUERY_STRING: 'c=d',
      SCRIPT_NAME: '',
      REMOTE_USER: 'alice',
      AUTH_TYPE: 'Basic',
      CONTENT_TYPE: 'text/x',
      CONTENT_LENGTH: '3',
      HTTP_HOST: 'h',
      HTTP_X_TWO: '1, 2',
      HTTP_COOKIE: 'a=1; b=2',
      'wsgi.version': [1, 0],
      'wsgi.url_scheme': 'https',
      'wsgi.multithread': true,
      'wsgi.multiprocess': true,
      'wsgi.run_once': false,
      'wsgi.input_terminated': true,
      read: 'function',
      write: 'function',
    });
    for (const absent of ['HTTPS', 'HTTP_PROXY', 'HTTP_CONTENT_TYPE', 'HTTP_CONTENT_LENGTH', 'modhost.url'])
      expect(environ).not.toHaveProperty([absent]);
  });
});

describe('wsgi.input', () => {
  it.each([
    ['read()', `const all = await input.read(); return [all, '|', await input.read()]`, 'hello world|'],
    [
      'read(n)',
      `return [await input.read(3), '|', await input.read(0), '|', await input.read(100), '|', await input.read(1)]`,
      'hel||lo world|',
    ],
    ['overlapping reads', `return Promise.all([input.read(5), input.read(1), input.read()])`, 'hello world'],
    ['iteration', `let all = ''; for await (const piece of input) all += piece; return [all]`, 'hello world'],
  ])('%s', async (_, body, answer) => {
    const script = wsgi(`${ok} const input = environ['wsgi.input']; ${body}`, 'async function');
    const exchange = hosted.frontEnd.request(script, { method: 'POST', openBody: true });
    for (const piece of ['he', 'llo ', 'wor']) await exchange.send(Buffer.from(piece));
    await exchange.sendAll(Buffer.from('ld'));
    expect((await exchange.answer()).text).toBe(answer);
  });

  it('fails when the client leaves', async () => {
    const script = wsgi(
      `${ok} state.reading = true; try { await environ['wsgi.input'].read() } catch (error) { state.inputError = error.name; throw error } return []`,
      'async function',
    );
    const exchange = hosted.frontEnd.request(script, { method: 'POST', openBody: true });
    await exchange.send(Buffer.from('x'));
    await stateOf('reading');
    exchange.abort();
    expect(await stateOf('inputError')).toBe('RequestAborted');
  });

  it('that is not read does not stop the client', async () => {
    const exchange = hosted.frontEnd.request(wsgi(`${ok} return ['no']`), { method: 'POST', openBody: true });
    const sent = exchange.sendAll(Buffer.alloc(1_000_000));
    expect((await exchange.answer()).text).toBe('no');
    await sent;
  });
});

describe('the answer', () => {
  it.each([
    [
      'array',
      'function',
      `return ['a', new Uint8Array([98]), Buffer.from('c'), '', 'gr\u00fc\u00df']`,
      'abcgr\u00fc\u00df',
    ],
    ['generator', 'function*', `yield 'a'; yield 'b'`, 'ab'],
    ['async generator', 'async function*', `yield 'a'; await null; yield 'b'`, 'ab'],
    ['async function', 'async function', `await null; return new Set(['a', 'b'])`, 'ab'],
    ['one string', 'function', `return 'whole text'`, 'whole text'],
    ['one buffer', 'function', `return Buffer.from('whole buffer')`, 'whole buffer'],
    ['nothing', 'function', `return []`, ''],
  ])('%s', async (_, kind, body, answer) => {
    expect((await hosted.frontEnd.request(wsgi(`${ok} ${body}`, kind)).answer()).text).toBe(answer);
  });

  it('may come through write(), before what is returned', async () => {
    const script = wsgi(
      `const write = startResponse('200 OK', []); await write('one '); write(''); write(Buffer.from('two ')); return ['three']`,
      'async function',
    );
    expect((await hosted.frontEnd.request(script).answer()).text).toBe('one two three');
  });

  it('keeps status, reason and repeated headers, and drops hop-by-hop ones', async () => {
    const exchange = hosted.frontEnd.request(
      wsgi(
        `startResponse('299 Made up', [['Set-Cookie', 'a'], ['Set-Cookie', 'b'], ['Connection', 'close']]); return []`,
      ),
    );
    await exchange.answer();
    expect(await exchange.response).toEqual({
      status: 299,
      reason: 'Made up',
      headers: ['Set-Cookie', 'a', 'Set-Cookie', 'b'],
    });
  });

  it('may have a status without a reason', async () => {
    const exchange = hosted.frontEnd.request(wsgi(`startResponse('404', []); return []`));
    expect((await exchange.answer()).status).toBe(404);
  });

  it('takes the last startResponse before the first byte', async () => {
    const script = wsgi(
      `startResponse('200 OK', []); yield ''; startResponse('500 Oops', [], new Error('why')); yield 'sorry'`,
      'function*',
    );
    expect(await hosted.frontEnd.request(script).answer()).toMatchObject({ status: 500, text: 'sorry' });
  });

  it('goes out chunk by chunk', async () => {
    const script = wsgi(
      `${ok} yield 'first'; await new Promise((r) => { state.goOn = r }); yield ' last'`,
      'async function*',
    );
    const exchange = hosted.frontEnd.request(script);
    await exchange.until(() => exchange.text === 'first');
    await hosted.frontEnd.request(wsgi(`${ok} state.goOn(); return []`)).answer();
    expect((await exchange.answer()).text).toBe('first last');
  });

  it('is made no faster than it is taken', async () => {
    const script = wsgi(
      `${ok} for (let i = 1; i <= 100; i += 1) { state.made = i; yield new Uint8Array(16384) }`,
      'function*',
    );
    const exchange = hosted.frontEnd.request(script, { holdCredit: true });
    await exchange.until(() => exchange.receivedBytes === 262_144);
    expect(Number(await stateOf('made'))).toBeLessThan(20);
    exchange.grant(5_000_000);
    await exchange.answer();
    expect(exchange.receivedBytes).toBe(100 * 16384);
  });

  it('to HEAD, and with 204, has no body', async () => {
    expect(
      (await hosted.frontEnd.request(wsgi(`${ok} return ['hello']`), { method: 'HEAD' }).answer()).text,
    ).toBe('');
    expect(
      (await hosted.frontEnd.request(wsgi(`startResponse('204 No Content', []); return ['hello']`)).answer())
        .text,
    ).toBe('');
  });

  it('is cut at its Content-Length, and broken off if shorter', async () => {
    const script = wsgi(
      `startResponse('200 OK', [['Content-Length', '4']]); return environ.PATH_INFO === '/long' ? ['123', '456'] : ['12']`,
    );
    expect((await hosted.frontEnd.request(script, { url: '/long' }).answer()).text).toBe('1234');
    expect(await hosted.frontEnd.request(script, { url: '/short' }).aborted()).toBe('error');
  });
});

describe('startResponse() refuses', () => {
  it.each([
    [`startResponse(200, [])`, 'TypeError'],
    [`startResponse('20 OK', [])`, 'RangeError'],
    [`startResponse('2000', [])`, 'RangeError'],
    [`startResponse('200OK', [])`, 'RangeError'],
    [`startResponse('200 O\\nK', [])`, 'RangeError'],
    [`startResponse('200 \u20ac', [])`, 'RangeError'],
    [`startResponse('200 OK')`, 'TypeError'],
    [`startResponse('200 OK', { a: 'b' })`, 'TypeError'],
    [`startResponse('200 OK', [['a']])`, 'TypeError'],
    [`startResponse('200 OK', ['ab'])`, 'TypeError'],
    [`startResponse('200 OK', [['a', 1]])`, 'TypeError'],
    [`startResponse('200 OK', [['', 'b']])`, 'RangeError'],
    [`startResponse('200 OK', [['a b', 'b']])`, 'RangeError'],
    [`startResponse('200 OK', [['a:', 'b']])`, 'RangeError'],
    [`startResponse('200 OK', [['a', 'b\\r\\nSet-Cookie: x']])`, 'RangeError'],
    [`startResponse('200 OK', [['a', 'b\\0']])`, 'RangeError'],
    [`startResponse('200 OK', [['a', '\u20ac']])`, 'RangeError'],
  ])('%s inside the application', async (call, name) => {
    const script = wsgi(`try { ${call}; return ['accepted'] } catch (error) { ${ok} return [error.name] }`);
    expect((await hosted.frontEnd.request(script).answer()).text).toBe(name);
  });

  it('a second call after the first byte, or raises what it is given', async () => {
    const script = wsgi(
      `${ok} yield 'a'; try { startResponse('500 x', []) } catch (e) { yield e.name } try { startResponse('500 x', [], new RangeError('given')) } catch (e) { yield e.message }`,
      'function*',
    );
    expect((await hosted.frontEnd.request(script).answer()).text).toBe('aApplicationFaultgiven');
  });
});

describe('faults', () => {
  it.each([
    ['thrown before the head', 'function', `throw new Error('broken app')`, 'Error: broken app'],
    ['rejected', 'async function', `throw new Error('broken app')`, 'Error: broken app'],
    ['thrown before the first byte', 'function*', `${ok} throw new Error('broken app')`, 'Error: broken app'],
    ['no startResponse', 'function', `return ['x']`, 'without calling startResponse()'],
    ['no startResponse and no body', 'function', `return []`, 'without calling startResponse()'],
    ['returns undefined', 'function', ok, 'must return an iterable'],
    ['returns a number', 'function', `${ok} return 5`, 'must return an iterable'],
    ['gives a number', 'function', `${ok} return [5]`, 'must consist of Uint8Array or string, not number'],
    ['gives null', 'function', `${ok} return [null]`, 'not null'],
    [
      'bad Content-Length',
      'function',
      `startResponse('200 OK', [['Content-Length', '-1']]); return ['x']`,
      'Content-Length is no number',
    ],
    [
      'status 100',
      'function',
      `startResponse('100 Continue', []); return ['x']`,
      'status 100 is not one of an answer',
    ],
  ])('%s: 500 and the reason in the log', async (_, kind, body, complaint) => {
    const exchange = hosted.frontEnd.request(wsgi(body, kind));
    const ending = await Promise.race([exchange.over, exchange.response]);
    expect(ending).toMatchObject({ kind: 'abort', code: 'error' });
    expect(exchange.logs.join('\n')).toContain(complaint);
  });

  it('after the first byte cut the answer off', async () => {
    const exchange = hosted.frontEnd.request(
      wsgi(`${ok} yield 'half'; throw new Error('late')`, 'function*'),
    );
    expect(await exchange.aborted()).toBe('error');
    expect(exchange.text).toBe('half');
  });
});

describe('what is returned is closed exactly once', () => {
  /** An iterable that counts what happens to it; `next` is the body of its next(). */
  const counting = (name: string, next: string): string => `
    const log = []; state['${name}-log'] = log;
    const source = {
      [Symbol.asyncIterator]() { return { i: 0, next() { ${next} }, return() { log.push('return'); return Promise.resolve({ done: true }) } } },
      close() { log.push('close'); setImmediate(() => { state['${name}'] = log.join() }) },
    };
    ${ok} return source;`;

  it.each([
    ['after its end', `return Promise.resolve({ done: true })`, 'close'],
    ['after an error', `return Promise.reject(new Error('x'))`, 'close'],
    ['after a bad piece', `return Promise.resolve({ value: 5 })`, 'return,close'],
  ])('%s', async (name, next, calls) => {
    await hosted.frontEnd.request(wsgi(counting(name, next))).over;
    expect(await stateOf(name)).toBe(calls);
  });

  it('when startResponse was not called', async () => {
    await hosted.frontEnd.request(
      wsgi(
        `return { *[Symbol.iterator]() { yield 'x' }, close() { state.unstarted = (state.unstarted ?? 0) + 1 } }`,
      ),
    ).over;
    expect(await stateOf('unstarted')).toBe('1');
  });

  it('when the client leaves between two pieces, though the iterator waits', async () => {
    const exchange = hosted.frontEnd.request(
      wsgi(counting('left', `return this.i++ ? new Promise(() => {}) : Promise.resolve({ value: 'x' })`)),
    );
    await exchange.until(() => exchange.text === 'x');
    exchange.abort();
    expect(await stateOf('left')).toBe('return,close');
  });

  it('when the client leaves while it does not take the answer', async () => {
    const exchange = hosted.frontEnd.request(
      wsgi(counting('full', `return Promise.resolve({ value: new Uint8Array(65536) })`)),
      { holdCredit: true },
    );
    await exchange.until(() => exchange.receivedBytes === 262_144);
    exchange.abort();
    expect(await stateOf('full')).toBe('return,close');
  });

  it('when the client left before it was returned', async () => {
    const script = wsgi(
      `${ok} state.early = true; await new Promise((r) => { state.returnNow = r }); ${counting('before', `return new Promise(() => {})`)}`,
      'async function',
    );
    const exchange = hosted.frontEnd.request(script);
    await stateOf('early');
    exchange.abort();
    await hosted.frontEnd.request(wsgi(`${ok} state.returnNow(); return []`)).answer();
    expect(await stateOf('before')).toBe('return,close');
  });

  it('a generator runs its finally', async () => {
    const exchange = hosted.frontEnd.request(
      wsgi(
        `${ok} try { for (;;) yield new Uint8Array(65536) } finally { state.finally = 'ran' }`,
        'function*',
      ),
      { holdCredit: true },
    );
    await exchange.until(() => exchange.receivedBytes === 262_144);
    exchange.abort();
    expect(await stateOf('finally')).toBe('ran');
  });

  it('and an error of close() is logged, not sent', async () => {
    const exchange = hosted.frontEnd.request(
      wsgi(
        `${ok} return { *[Symbol.iterator]() { yield 'fine' }, close() { throw new Error('close broke') } }`,
      ),
    );
    expect((await exchange.answer()).text).toBe('fine');
    expect(exchange.logs.join('\n')).toContain('Error: close broke');
  });
});

describe('wsgi.errors', () => {
  it('goes to the log of the request, line by line', async () => {
    const exchange = hosted.frontEnd.request(
      wsgi(
        `${ok} const e = environ['wsgi.errors']; e.write('one\\ntw'); e.write(Buffer.from('o\\r\\n')); e.write('rest'); e.flush(); return []`,
      ),
    );
    await exchange.answer();
    expect(exchange.logs).toEqual(['one', 'two', 'rest']);
  });
});
