import { once } from 'node:events';
import { connect } from 'node:net';
import { describe, expect, it } from 'vitest';
import { encodeHello, FrameType, initialWindow } from '../../../src/wire/index.js';
import { encodeFrame, encodeTextFrame } from '../../wire/encode-frame.js';
import { testToken } from './daemon-client.js';
import { hostDaemon } from './hosted-daemon.js';

const hosted = hostDaemon({ start: { threads: 7 } });

const greeting = encodeTextFrame(FrameType.hello, 0, encodeHello(['token', testToken]));

const echo = (): string => hosted.folder.write('echo.mjs', `export default (req, res) => { req.pipe(res) }`);

describe('a connection', () => {
  it('begins with who the daemon is', async () => {
    const fields = await hosted.frontEnd.ready;
    expect(Object.fromEntries(fields)).toEqual({
      version: '1',
      pid: String(hosted.daemon.child.pid),
      runtime: 'node',
      threads: '7',
    });
  });

  it('answers PING', async () => {
    expect(await hosted.frontEnd.ping('are you there')).toBe('are you there');
    expect(await hosted.frontEnd.ping('')).toBe('');
  });

  it('carries many streams at once, beside other connections', async () => {
    const other = await hosted.daemon.connect();
    const script = echo();
    const exchanges = Array.from({ length: 50 }, (_, n) =>
      (n % 2 === 0 ? hosted.frontEnd : other).request(script, {
        method: 'POST',
        body: `${n}-`.repeat(20_000),
      }),
    );
    for (const [n, exchange] of exchanges.entries())
      expect((await exchange.answer()).text).toBe(`${n}-`.repeat(20_000));
    other.close();
  });

  it('ignores frames for streams that are over or never were', async () => {
    const exchange = hosted.frontEnd.request(echo());
    await exchange.answer();
    exchange.frame(FrameType.body, Buffer.from('late'));
    exchange.frame(FrameType.end);
    exchange.grant(5);
    exchange.abort();
    expect(await hosted.frontEnd.ping('fine')).toBe('fine');
  });
});

describe('a violation closes the connection and nothing else', () => {
  const held = hosted.folder.write('held.mjs', `export default (req, res) => {}`);
  const request = (): string => [held, '', 'application', 'auto', 'b', '0'].join('\0');
  const open = (): Buffer => encodeTextFrame(FrameType.request, 1, request());

  it.each([
    ['an unknown type', () => Buffer.from([0, 0, 0, 0x77, 0, 0, 0, 1])],
    ['HELLO twice', () => greeting],
    ['a daemon frame', () => encodeTextFrame(FrameType.response, 1, '200')],
    ['DRAIN from a front end', () => encodeFrame(FrameType.drain, 0)],
    ['LOG from a front end', () => encodeTextFrame(FrameType.log, 1, 'error\0x')],
    ['REQUEST on stream 0', () => encodeTextFrame(FrameType.request, 0, request())],
    ['REQUEST beyond the last id', () => encodeTextFrame(FrameType.request, 0x8000_0000, request())],
    ['REQUEST for a stream in use', () => Buffer.concat([open(), open()])],
    ['REQUEST that is too short', () => encodeTextFrame(FrameType.request, 1, '/x.mjs')],
    [
      'REQUEST of an unknown interface',
      () => encodeTextFrame(FrameType.request, 1, request().replace('auto', 'cgi')),
    ],
    [
      'CALL of an unknown function',
      () => encodeTextFrame(FrameType.call, 1, ['exec', '/x.mjs', '', '', '0'].join('\0')),
    ],
    ['BODY on stream 0', () => encodeTextFrame(FrameType.body, 0, 'x')],
    ['an empty BODY', () => Buffer.concat([open(), encodeFrame(FrameType.body, 1)])],
    [
      'a BODY that is too large',
      () => Buffer.concat([open(), encodeFrame(FrameType.body, 1, Buffer.alloc(262_145))]),
    ],
    [
      'BODY beyond the credit',
      () =>
        Buffer.concat([
          open(),
          ...Array.from({ length: initialWindow / 65_536 + 1 }, () =>
            encodeFrame(FrameType.body, 1, Buffer.alloc(65_536)),
          ),
        ]),
    ],
    [
      'BODY after END',
      () => Buffer.concat([open(), encodeFrame(FrameType.end, 1), encodeTextFrame(FrameType.body, 1, 'x')]),
    ],
    [
      'END twice',
      () => Buffer.concat([open(), encodeFrame(FrameType.end, 1), encodeFrame(FrameType.end, 1)]),
    ],
    [
      'BODY for a request without one',
      () =>
        Buffer.concat([
          encodeTextFrame(FrameType.request, 1, request().replace('\0b\0', '\0\0')),
          encodeTextFrame(FrameType.body, 1, 'x'),
        ]),
    ],
    ['a CREDIT of three bytes', () => Buffer.concat([open(), encodeTextFrame(FrameType.credit, 1, 'abc')])],
    ['ABORT without a code', () => Buffer.concat([open(), encodeFrame(FrameType.abort, 1)])],
    ['a PING of 65 bytes', () => encodeFrame(FrameType.ping, 0, Buffer.alloc(65))],
  ])('%s', async (_, frames) => {
    const socket = connect(hosted.daemon.socketPath);
    socket.resume();
    socket.on('error', () => {});
    socket.write(greeting);
    socket.write(frames());
    await once(socket, 'close');
    expect(await hosted.frontEnd.ping('alive')).toBe('alive');
    expect(hosted.daemon.output).toContain('protocol violation');
  });

  it.each([
    ['no token', encodeTextFrame(FrameType.hello, 0, encodeHello([]))],
    ['another token', encodeTextFrame(FrameType.hello, 0, encodeHello(['token', testToken.toUpperCase()]))],
    ['a longer token', encodeTextFrame(FrameType.hello, 0, encodeHello(['token', `${testToken}x`]))],
    ['a text that might become a frame', Buffer.from('GET / HTTP/1.1\r\n'.padEnd(5000))],
    ['no HELLO', encodeFrame(FrameType.ping, 0)],
    ['another version', encodeTextFrame(FrameType.hello, 0, 'version\x002')],
  ])('%s first', async (_, bytes) => {
    const socket = connect(hosted.daemon.socketPath);
    socket.resume();
    socket.on('error', () => {});
    socket.write(bytes);
    await once(socket, 'close');
    expect(await hosted.frontEnd.ping('alive')).toBe('alive');
  });
});
