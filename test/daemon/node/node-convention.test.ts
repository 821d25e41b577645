import { describe, expect, it } from 'vitest';
import { FrameType } from '../../../src/wire/index.js';
import { hostDaemon } from './hosted-daemon.js';

const hosted = hostDaemon();

let count = 0;
/** A script whose default export has that body; `req` and `res` are its parameters. */
function handler(body: string, head = ''): string {
  count += 1;
  return hosted.folder.write(`${count}.mjs`, `${head}\nexport default function (req, res) {\n${body}\n}`);
}

describe('the request', () => {
  it('has everything where node:http has it', async () => {
    const script = handler(`
      res.setHeader('Content-Type', 'application/json');
      res.end(JSON.stringify({
        method: req.method, url: req.url, originalUrl: req.originalUrl, baseUrl: req.baseUrl, version: req.httpVersion,
        headers: req.headers, raw: req.rawHeaders, complete: req.complete,
        socket: [req.socket.remoteAddress, req.socket.remotePort, req.socket.remoteFamily, req.socket.localAddress, req.socket.localPort, req.socket.encrypted ?? null],
        same: req.socket === res.socket && req.connection === req.socket, user: req.environ.REMOTE_USER, hidden: Object.keys(req.environ).filter((k) => k.startsWith('modhost.') || k === 'HTTPS'),
        genuine: [Object.getPrototypeOf(req).constructor.name, Object.getPrototypeOf(res).constructor.name],
      }));`);
    const exchange = hosted.frontEnd.request(script, {
      url: '/a%2Fb//c?x=%20&y',
      headers: [
        'Host',
        'example.org',
        'X-Two',
        '1',
        'x-two',
        '2',
        'Set-Cookie',
        'a',
        'Set-Cookie',
        'b',
        'Cookie',
        'p=1',
        'Cookie',
        'q=2',
        'X-Bytes',
        'caf\u00e9',
      ],
      environ: {
        REQUEST_URI: '/mount/a%2Fb//c?x=%20&y',
        SCRIPT_NAME: '/mount',
        REMOTE_USER: 'alice',
        HTTPS: 'on',
        SERVER_PROTOCOL: 'HTTP/1.0',
      },
    });
    const { text, headers } = await exchange.answer();
    expect(headers['content-type']).toBe('application/json');
    expect(JSON.parse(text)).toEqual({
      method: 'GET',
      url: '/a%2Fb//c?x=%20&y',
      originalUrl: '/mount/a%2Fb//c?x=%20&y',
      baseUrl: '/mount',
      version: '1.0',
      headers: {
        host: 'example.org',
        'x-two': '1, 2',
        'set-cookie': ['a', 'b'],
        cookie: 'p=1; q=2',
        'x-bytes': 'caf\u00e9',
      },
      raw: [
        'Host',
        'example.org',
        'X-Two',
        '1',
        'x-two',
        '2',
        'Set-Cookie',
        'a',
        'Set-Cookie',
        'b',
        'Cookie',
        'p=1',
        'Cookie',
        'q=2',
        'X-Bytes',
        'caf\u00e9',
      ],
      complete: true,
      socket: ['127.0.0.1', 54321, 'IPv4', '127.0.0.2', 8080, true],
      same: true,
      user: 'alice',
      hidden: [],
      genuine: ['IncomingMessage', 'ServerResponse'],
    });
  });

  it.each([
    ['', '/'],
    ['?q=1', '/?q=1'],
    ['//evil.example/x', '//evil.example/x'],
    ['*', '*'],
  ])('url %j is seen as %j', async (url, seen) => {
    const script = handler(`res.end(req.url)`);
    expect((await hosted.frontEnd.request(script, { environ: { 'modhost.url': url } }).answer()).text).toBe(
      seen,
    );
  });

  it('brings its body to streams, iteration and events', async () => {
    const body = 'x'.repeat(200_000);
    const headers = ['Host', 'h', 'Content-Length', String(body.length)];
    for (const text of [
      `let n = 0; req.on('data', (d) => { n += d.length }); req.on('end', () => res.end(n + ' ' + req.complete));`,
      `(async () => { let n = 0; for await (const d of req) n += d.length; res.end(n + ' ' + req.complete) })();`,
      `req.on('readable', () => { let d; while ((d = req.read()) !== null) n += d.length }); let n = 0; req.on('end', () => res.end(n + ' ' + req.complete));`,
    ])
      expect(
        (await hosted.frontEnd.request(handler(text), { method: 'POST', body, headers }).answer()).text,
      ).toBe('200000 true');
  });

  it('without a body ends at once', async () => {
    const script = handler(
      `(async () => { let n = 0; for await (const d of req) n += d.length; res.end('end ' + n) })()`,
    );
    expect((await hosted.frontEnd.request(script).answer()).text).toBe('end 0');
  });

  it('is read no faster than the application wants', async () => {
    const script = handler(`
      req.once('data', () => { req.pause(); res.write('paused') });
      globalThis.resumeUpload = () => { let n = 0; req.on('data', (d) => { n += d.length }); req.on('end', () => res.end(' ' + n)); req.resume() };`);
    const resume = handler(`globalThis.resumeUpload(); res.end()`);
    const exchange = hosted.frontEnd.request(script, { method: 'POST', openBody: true });
    const sent = exchange.sendAll(Buffer.alloc(2_000_000));
    await exchange.until(() => exchange.text === 'paused');
    // Whatever was granted for what lies in node's own buffer, it is not the whole upload.
    await hosted.frontEnd.ping('one turn');
    expect(exchange.grantedBytes).toBeLessThan(262_144);
    await hosted.frontEnd.request(resume).answer();
    await sent;
    expect((await exchange.answer()).text).toMatch(/^paused 1[0-9]{6}$/);
  });

  it('that nobody reads does not stop the answer or the client', async () => {
    const script = handler(`res.statusCode = 413; res.end('too much')`);
    const exchange = hosted.frontEnd.request(script, { method: 'POST', openBody: true });
    const sent = exchange.sendAll(Buffer.alloc(1_000_000));
    expect(await exchange.answer()).toMatchObject({ status: 413, text: 'too much' });
    // The rest is taken and dropped, with credit.
    await sent;
    expect(exchange.grantedBytes).toBeGreaterThan(700_000);
  });
});

describe('the answer', () => {
  it('keeps status, reason and repeated headers', async () => {
    const script = handler(
      `res.writeHead(418, 'Short and stout', [['Set-Cookie', 'a=1'], ['Set-Cookie', 'b=2'], ['X-Caf\u00e9'.slice(0, 5), 'caf\u00e9']]); res.end()`,
    );
    const exchange = hosted.frontEnd.request(script);
    await exchange.over;
    expect(await exchange.response).toMatchObject({
      status: 418,
      reason: 'Short and stout',
      headers: expect.arrayContaining(['Set-Cookie', 'a=1', 'b=2']),
    });
  });

  it('is never chunked here, also when the application says so', async () => {
    const script = handler(
      `res.setHeader('Transfer-Encoding', 'chunked'); res.setHeader('Connection', 'close'); res.setHeader('Trailer', 'X-Sum'); res.write('one '); res.addTrailers({ 'X-Sum': '1' }); setTimeout(() => res.end('two'), 5)`,
    );
    const exchange = hosted.frontEnd.request(script);
    expect((await exchange.answer()).text).toBe('one two');
    expect((await exchange.response).headers).toEqual([]);
  });

  it('gets a Content-Length when it comes in one piece', async () => {
    expect(
      (await hosted.frontEnd.request(handler(`res.end('gr\u00fc\u00dfe')`)).answer()).headers[
        'content-length'
      ],
    ).toBe('7');
  });

  it('may be text or bytes in any encoding', async () => {
    const script = handler(
      `res.write('caf\u00e9 '); res.write('caf\u00e9', 'latin1'); res.write(Buffer.from([0, 255])); res.write('aGk=', 'base64'); res.end()`,
    );
    const exchange = hosted.frontEnd.request(script);
    await exchange.answer();
    expect(Buffer.concat(exchange.pieces).toString('latin1')).toBe('caf\u00c3\u00a9 caf\u00e9\0\u00ffhi');
  });

  it('goes out piece by piece', async () => {
    const script = handler(
      `res.flushHeaders(); globalThis.goOn = () => res.write('first'); globalThis.finish = () => res.end('last')`,
    );
    const exchange = hosted.frontEnd.request(script);
    expect((await exchange.response).status).toBe(200);
    expect(exchange.text).toBe('');
    await hosted.frontEnd.request(handler('globalThis.goOn(); res.end()')).answer();
    await exchange.until(() => exchange.text === 'first');
    await hosted.frontEnd.request(handler('globalThis.finish(); res.end()')).answer();
    expect((await exchange.answer()).text).toBe('firstlast');
  });

  it.each(['HEAD', 'GET'])('has no body for %s where HTTP allows none', async (method) => {
    const script = handler(
      `res.statusCode = Number(req.url.slice(1)); res.setHeader('Content-Length', '5'); res.end('hello')`,
    );
    for (const status of method === 'HEAD' ? [200, 404] : [204, 304]) {
      const exchange = hosted.frontEnd.request(script, { method, url: `/${status}` });
      expect(await exchange.answer()).toMatchObject({ status, text: '' });
    }
  });

  it('comes after 1xx heads, which stay here', async () => {
    const script = handler(
      `res.writeContinue(); res.writeProcessing(); res.writeEarlyHints({ link: '</a.css>; rel=preload' }, () => { res.end('final') })`,
    );
    expect(await hosted.frontEnd.request(script).answer()).toMatchObject({ status: 200, text: 'final' });
  });

  it('of 101 is refused: there is no connection to take over', async () => {
    const exchange = hosted.frontEnd.request(
      handler(`res.writeHead(101, { Upgrade: 'websocket' }); res.end()`),
    );
    expect(await exchange.aborted()).toBe('error');
    expect(exchange.logs.join('\n')).toContain('status 101');
  });

  it('cannot smuggle header lines', async () => {
    const script = handler(
      `try { res.setHeader('X', 'a\\r\\nSet-Cookie: b') } catch (e) { res.end(e.code) }`,
    );
    expect((await hosted.frontEnd.request(script).answer()).text).toBe('ERR_INVALID_CHAR');
  });

  it('is cut at its Content-Length', async () => {
    const script = handler(
      `res.setHeader('Content-Length', '4'); res.write('12'); res.write('3456'); res.end('78')`,
    );
    expect((await hosted.frontEnd.request(script).answer()).text).toBe('1234');
  });

  it('that is shorter than its Content-Length is broken off', async () => {
    const exchange = hosted.frontEnd.request(
      handler(`res.setHeader('Content-Length', '10'); res.end('123')`),
    );
    expect(await exchange.over).toMatchObject({
      kind: 'abort',
      code: 'error',
      sentence: 'the answer is 7 bytes shorter than its Content-Length',
    });
  });

  it('with a Content-Length that is no number is an error', async () => {
    const exchange = hosted.frontEnd.request(
      handler(`res.setHeader('Content-Length', 'many'); res.end('123')`),
    );
    expect(await exchange.aborted()).toBe('error');
  });

  it('is written no faster than the client takes it', async () => {
    const script = handler(`
      const piece = Buffer.alloc(16384); let written = 0; let drains = 0;
      const go = () => { while (written < 200) { written += 1; if (!res.write(piece)) { globalThis.written = written; return res.once('drain', () => { drains += 1; go() }) } } res.end('|' + drains) };
      go();`);
    const exchange = hosted.frontEnd.request(script, { holdCredit: true });
    await exchange.until(() => exchange.receivedBytes === 262_144);
    const { text } = await hosted.frontEnd.request(handler('res.end(String(globalThis.written))')).answer();
    expect(Number(text)).toBeLessThan(25);
    exchange.grant(10_000_000);
    expect(Number((await exchange.answer()).text.split('|')[1])).toBeGreaterThan(5);
    expect(exchange.receivedBytes).toBeGreaterThan(200 * 16384);
  });

  it('can be piped, again and again', async () => {
    const file = hosted.folder.write('large.bin', 'y'.repeat(3_000_000));
    const script = handler(
      `pipeline(createReadStream(${JSON.stringify(file)}), res, (error) => { globalThis.piped = String(error) })`,
      `import { createReadStream } from 'node:fs'; import { pipeline } from 'node:stream';`,
    );
    for (let round = 0; round < 3; round += 1) {
      const exchange = hosted.frontEnd.request(script);
      await exchange.answer();
      expect(exchange.receivedBytes).toBe(3_000_000);
    }
    expect((await hosted.frontEnd.request(handler('res.end(globalThis.piped)')).answer()).text).toBe(
      'undefined',
    );
  });

  it('tells its end: finish, close, and writable members', async () => {
    const script = handler(`
      const seen = globalThis.ending = [];
      res.on('finish', () => seen.push('finish ' + res.writableFinished)); res.on('close', () => seen.push('close ' + res.closed));
      req.on('close', () => seen.push('request close ' + req.destroyed + ' ' + (req.aborted ?? false)));
      res.end('x');`);
    await hosted.frontEnd.request(script).answer();
    const look = handler(`setImmediate(() => res.end(JSON.stringify(globalThis.ending.sort())))`);
    expect(JSON.parse((await hosted.frontEnd.request(look).answer()).text)).toEqual([
      'close true',
      'finish true',
      'request close true false',
    ]);
  });
});

describe('faults', () => {
  it.each([
    ['thrown', `throw new TypeError('broken handler')`],
    ['rejected', `return Promise.reject(new TypeError('broken handler'))`],
    ['thrown later', `setTimeout(() => { throw new TypeError('broken handler') }, 1)`],
    ['rejected unheard', `Promise.resolve().then(() => { throw new TypeError('broken handler') })`],
    ['emitted', `setImmediate(() => req.socket.emit('error', new TypeError('broken handler')))`],
  ])('%s: 500 and the stack in the log', async (_, text) => {
    const script = handler(text);
    const exchange = hosted.frontEnd.request(script);
    expect(await exchange.aborted()).toBe('error');
    const log = exchange.logs.join('\n');
    expect(log).toContain('TypeError: broken handler');
    expect(log).toContain(`${script}:3`);
    expect(log).not.toContain('dist/daemon/node/call-node');
  });

  it('after the head cut the answer off', async () => {
    const exchange = hosted.frontEnd.request(
      handler(`res.write('half'); setTimeout(() => { throw new Error('late') }, 5)`),
    );
    expect(await exchange.aborted()).toBe('error');
    expect((await exchange.response).status).toBe(200);
    expect(exchange.text).toBe('half');
  });

  it('end one request and no other', async () => {
    const slow = hosted.frontEnd.request(handler(`globalThis.release = () => res.end('alive')`));
    expect(
      await hosted.frontEnd.request(handler(`process.nextTick(() => { throw new Error('x') })`)).aborted(),
    ).toBe('error');
    await hosted.frontEnd.request(handler(`globalThis.release(); res.end()`)).answer();
    expect((await slow.answer()).text).toBe('alive');
  });

  it('after the answer go to fd 2 and harm nobody', async () => {
    await hosted.frontEnd
      .request(handler(`res.end('fine'); setTimeout(() => { throw new Error('after the answer') }, 5)`))
      .answer();
    await hosted.daemon.printed('Error: after the answer');
    expect((await hosted.frontEnd.request(handler(`res.end('still here')`)).answer()).text).toBe(
      'still here',
    );
  });

  it.each([
    ['res.destroy()', `res.write('half'); setTimeout(() => res.destroy(), 5)`],
    ['req.destroy()', `req.destroy()`],
    ['req.socket.destroy()', `req.socket.destroy(new Error('enough'))`],
    ['req.socket.end()', `res.write('x'); res.socket.destroySoon?.() ?? res.socket.destroy()`],
  ])('%s breaks the answer off', async (_, text) => {
    expect(await hosted.frontEnd.request(handler(text)).aborted()).toBe('error');
  });
});

describe('a client that leaves', () => {
  const watch = `
    const seen = globalThis.left = [];
    for (const name of ['aborted', 'close', 'error']) req.on(name, (e) => seen.push('req ' + name + (e ? ' ' + e.code : '')));
    res.on('close', () => { seen.push('res close ' + res.writableFinished); globalThis.gone?.() });`;
  const report = `const done = () => setImmediate(() => res.end(globalThis.left.sort().join()));
    if (globalThis.left.some((l) => l.startsWith('res close'))) done(); else globalThis.gone = done;`;

  it('in mid-upload', async () => {
    const exchange = hosted.frontEnd.request(handler(`${watch} req.on('data', () => {}); res.write('x')`), {
      method: 'POST',
      openBody: true,
    });
    await exchange.send(Buffer.from('part'));
    await exchange.until(() => exchange.text === 'x');
    exchange.abort();
    expect((await hosted.frontEnd.request(handler(report)).answer()).text).toBe(
      'req aborted,req close,req error ECONNRESET,res close false',
    );
  });

  it('in mid-download', async () => {
    const exchange = hosted.frontEnd.request(
      handler(
        `${watch} const go = () => { while (res.write(Buffer.alloc(16384))); }; res.on('drain', go); go();`,
      ),
      { holdCredit: true },
    );
    await exchange.until(() => exchange.receivedBytes === 262_144);
    exchange.abort();
    expect((await hosted.frontEnd.request(handler(report)).answer()).text).toContain('res close false');
  });

  it('by losing the whole connection', async () => {
    const other = await hosted.daemon.connect();
    const exchange = other.request(handler(`${watch} res.write('x')`));
    await exchange.response;
    other.close();
    expect((await hosted.frontEnd.request(handler(report)).answer()).text).toContain('res close false');
  });

  it('needs no error listener', async () => {
    const exchange = hosted.frontEnd.request(handler(`req.resume(); res.write('x')`), {
      method: 'POST',
      openBody: true,
    });
    await exchange.response;
    exchange.abort();
    exchange.frame(FrameType.body, Buffer.from('crossed the abort'));
    exchange.frame(FrameType.end);
    expect((await hosted.frontEnd.request(handler(`res.end('fine')`)).answer()).text).toBe('fine');
  });
});

describe('what is made when it is looked at', () => {
  it('ends a request without a body for whoever reads it, also after the answer', async () => {
    const script = handler(
      `res.end('answered');
      setTimeout(async () => {
        let bytes = 0;
        for await (const piece of req) bytes += piece.length;
        console.log('read after the answer:', bytes, req.complete);
      }, 20);`,
    );
    expect((await hosted.frontEnd.request(script).answer()).text).toBe('answered');
    await hosted.daemon.printed('read after the answer: 0 true');
  });

  it('ends it also for whoever has looked at the socket as a stream before', async () => {
    const script = handler(
      `finished(req.socket, () => {});
      res.end('answered');
      res.on('close', () => req.on('end', () => console.log('ended after', req.socket.destroyed)).resume());`,
      `import { finished } from 'node:stream';`,
    );
    expect((await hosted.frontEnd.request(script).answer()).text).toBe('answered');
    await hosted.daemon.printed('ended after true');
  });

  it('has an environ that can be listed, changed and exchanged', async () => {
    const script = handler(
      `const listed = Object.keys(req).includes('environ');
      req.environ.MINE = 'yes';
      const changed = req.environ.MINE;
      req.environ = { other: 'one' };
      res.end(JSON.stringify([listed, changed, req.environ]));`,
    );
    const { text } = await hosted.frontEnd.request(script).answer();
    expect(JSON.parse(text)).toEqual([true, 'yes', { other: 'one' }]);
  });

  it('answers also through a socket that was a stream from the beginning', async () => {
    const script = handler(
      `const sockets = [];
      res.on('finish', () => sockets.push('finish'));
      res.on('close', () => console.log('closed after', sockets.join()));
      req.socket.pause();
      res.write('a');
      res.write(Buffer.from('b'), () => sockets.push('written'));
      res.end('c');`,
    );
    expect((await hosted.frontEnd.request(script).answer()).text).toBe('abc');
    await hosted.daemon.printed('closed after written,finish');
  });

  it('gives each answer its own head, however alike they are', async () => {
    const script = handler(
      `res.setHeader('X-Number', req.url.slice(1));
      res.writeHead(Number(req.url.slice(2)) > 3 ? 200 : 201);
      res.end(req.url);`,
    );
    const exchanges = ['/11', '/12', '/13', '/14', '/15', '/11'].map((url) =>
      hosted.frontEnd.request(script, { url }).answer(),
    );
    const answers = await Promise.all(exchanges);
    expect(answers.map(({ headers }) => headers['x-number'])).toEqual(['11', '12', '13', '14', '15', '11']);
    expect(answers.map(({ status }) => status)).toEqual([201, 201, 201, 200, 200, 201]);
  });

  it('sends the bytes that node:http would: a head beside text, latin-1 and bytes', async () => {
    const script = handler(
      `res.setHeader('X-Name', 'caf\u00e9');
      if (req.url === '/text') res.end('\u00fc');
      else if (req.url === '/latin1') res.end('\u00fc', 'latin1');
      else res.end(Buffer.from([0xfc]));`,
    );
    const answers = [];
    for (const url of ['/text', '/latin1', '/bytes'])
      answers.push(await hosted.frontEnd.request(script, { url }).answer());
    // node:http itself encodes the head as the text that goes out with it.
    expect(answers.map(({ headers }) => headers['x-name'])).toEqual([
      'caf\u00c3\u00a9',
      'caf\u00e9',
      'caf\u00e9',
    ]);
    // The client here reads UTF-8, in which the byte alone is no character.
    expect(answers.map(({ text }) => text)).toEqual(['\u00fc', '\ufffd', '\ufffd']);
  });
});

describe('prototypes that the application exchanges, as Express does', () => {
  const exchanging = `
    Object.setPrototypeOf(req, { get mine() { return 'my ' + this.method }, __proto__: Object.getPrototypeOf(req) });
    Object.setPrototypeOf(res, { send(text) { this.end(text) }, __proto__: Object.getPrototypeOf(res) });`;
  // The first one shows what the application does; the others are made for that.
  it.each([1, 2, 3])('answer request %i with all that the genuine ones have', async (number) => {
    const script = hosted.folder.write(
      'exchanging.mjs',
      `import { IncomingMessage, ServerResponse } from 'node:http';
      export default function (req, res) {
        const genuine = [req, res].map((one) => Object.getPrototypeOf(one).constructor.name);
        ${exchanging}
        req.next = () => {};
        res.locals = {};
        res.setHeader('Transfer-Encoding', 'chunked');
        res.setHeader('X-Kinds', [...genuine, req instanceof IncomingMessage, res instanceof ServerResponse].join());
        res.send([req.mine, req.environ.REMOTE_USER, req.url, Object.keys(req.environ).length > 3].join());
      }`,
    );
    const { text, headers } = await hosted.frontEnd
      .request(script, { url: `/${number}`, environ: { REMOTE_USER: 'anna' } })
      .answer();
    expect(text).toBe(`my GET,anna,/${number},true`);
    expect(headers['x-kinds']).toBe('IncomingMessage,ServerResponse,true,true');
  });

  it('leave other applications of the process as they are', async () => {
    const script = handler(
      `res.end([req.environ.REMOTE_USER, 'mine' in req, 'send' in res, Object.getPrototypeOf(req).constructor.name].join())`,
    );
    const { text } = await hosted.frontEnd.request(script, { environ: { REMOTE_USER: 'bert' } }).answer();
    expect(text).toBe('bert,false,false,IncomingMessage');
  });
});
