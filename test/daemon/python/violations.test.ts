import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { encodeCall, encodeCredit, encodeHello, encodeRequest, FrameType } from '../../../src/wire/index.js';
import { encodeFrame, encodeTextFrame } from '../../wire/encode-frame.js';
import { app, DaemonProcess, endAll, FrontEnd, token } from './daemon-process.js';

let daemon: DaemonProcess;
let bystander: FrontEnd;

beforeEach(async () => {
  daemon = await DaemonProcess.start();
  bystander = await daemon.connect();
});

afterEach(endAll);

const hello = encodeTextFrame(FrameType.hello, 0, encodeHello(['token', token]));

function request(stream: number, hasBody: boolean): Buffer {
  return encodeTextFrame(
    FrameType.request,
    stream,
    encodeRequest({
      scriptFile: app('blocking.py'),
      applicationGroup: '',
      callableName: 'application',
      callInterface: 'auto',
      hasBody,
      checkScript: false,
      environ: ['REQUEST_METHOD', 'POST', 'PATH_INFO', '/wait', 'QUERY_STRING', ''],
      headers: [],
    }),
  );
}

function call(stream: number): Buffer {
  return encodeTextFrame(
    FrameType.call,
    stream,
    encodeCall({
      functionName: 'check_password',
      scriptFile: app('auth.py'),
      applicationGroup: '',
      checkScript: false,
      arguments: ['a', 'b'],
      environ: [],
    }),
  );
}

const piece = encodeFrame(FrameType.body, 1, Buffer.alloc(65_536));

describe('the daemon closes a connection', () => {
  const cases: [string, Buffer[], string][] = [
    [
      'of a stranger',
      [encodeTextFrame(FrameType.hello, 0, encodeHello(['token', 'guessed']))],
      'the token is wrong',
    ],
    [
      'of somebody without a token',
      [encodeTextFrame(FrameType.hello, 0, encodeHello([]))],
      'the token is wrong',
    ],
    ['of which the first frame is not HELLO', [encodeFrame(FrameType.ping, 0)], 'first frame is not HELLO'],
    [
      'that sends garbage',
      [Buffer.from('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n')],
      'first frame is not HELLO',
    ],
    ['that says HELLO twice', [hello, hello], 'second HELLO'],
    ['of another version', [encodeTextFrame(FrameType.hello, 0, 'version\x002')], 'version 2'],
    ['with HELLO on a stream', [encodeTextFrame(FrameType.hello, 1, encodeHello([]))], 'on stream 1'],
    ['that sends RESPONSE', [hello, encodeTextFrame(FrameType.response, 1, '200 OK')], 'may not send'],
    ['that sends REPLY', [hello, encodeTextFrame(FrameType.reply, 1, 'true')], 'may not send'],
    ['that sends LOG', [hello, encodeTextFrame(FrameType.log, 0, 'error\0x')], 'may not send'],
    ['that sends DRAIN', [hello, encodeFrame(FrameType.drain, 0)], 'may not send'],
    [
      'with an unreadable REQUEST',
      [hello, encodeTextFrame(FrameType.request, 1, 'x')],
      'REQUEST is too short',
    ],
    ['with an unreadable CALL', [hello, encodeTextFrame(FrameType.call, 1, 'x')], 'CALL is too short'],
    ['with a REQUEST on stream 0', [hello, request(0, false)], 'on stream 0'],
    ['with a CALL on stream 0', [hello, call(0)], 'on stream 0'],
    ['with a REQUEST on a stream in use', [hello, request(1, true), request(1, true)], 'stream 1 is in use'],
    ['with a CALL on a stream in use', [hello, request(1, true), call(1)], 'stream 1 is in use'],
    ['with an empty BODY', [hello, request(1, true), encodeFrame(FrameType.body, 1)], 'BODY of 0 bytes'],
    [
      'with a BODY that is too long',
      [hello, request(1, true), encodeFrame(FrameType.body, 1, Buffer.alloc(262_145))],
      'BODY of 262145 bytes',
    ],
    ['with BODY on stream 0', [hello, encodeFrame(FrameType.body, 0, Buffer.from('x'))], 'on stream 0'],
    [
      'with BODY after END',
      [hello, request(1, true), encodeFrame(FrameType.end, 1), piece, piece],
      'no body is open',
    ],
    [
      'with an END that holds something',
      [hello, encodeFrame(FrameType.end, 1, Buffer.from('x'))],
      'END with',
    ],
    [
      'with a CREDIT of three bytes',
      [hello, encodeFrame(FrameType.credit, 1, Buffer.alloc(3))],
      'CREDIT of 3',
    ],
    ['with CREDIT on stream 0', [hello, encodeFrame(FrameType.credit, 0, encodeCredit(1))], 'on stream 0'],
    ['with an ABORT without a code', [hello, encodeFrame(FrameType.abort, 1)], 'ABORT without'],
    ['with a long PING', [hello, encodeFrame(FrameType.ping, 0, Buffer.alloc(65))], 'PING of 65 bytes'],
    ['with PING on a stream', [hello, encodeFrame(FrameType.ping, 1)], 'on stream 1'],
  ];
  it.each(cases)('%s', async (_, frames, reason) => {
    const evil = await FrontEnd.connectSilently(daemon.socketPath);
    evil.send(Buffer.concat(frames));
    await evil.closed();
    await daemon.changed.until(() => daemon.stderr.includes(reason), reason);
    expect(daemon.stderr).toContain('protocol violation');
    expect((await bystander.get(app('blocking.py'), { path: '/seen' })).ended).toBe(true);
    // The streams of the lost connection do not keep the process.
    await daemon.drain();
  });

  it('that sends BODY beyond the credit', async () => {
    // The only threads are busy, so nothing is read and no credit granted.
    const evil = await daemon.connect();
    const busy = Array.from({ length: 4 }, () =>
      bystander.request({ script: app('blocking.py'), path: '/wait', bodyFollows: true }),
    );
    await Promise.all(busy.map((exchange) => exchange.logged(/entered/)));
    evil.send(request(1, true));
    for (let count = 0; count < 4; count += 1) evil.send(piece);
    await evil.confirm();
    expect(evil.isClosed).toBe(false);
    evil.send(encodeFrame(FrameType.body, 1, Buffer.from('x')));
    await evil.closed();
    expect(daemon.stderr).toContain('BODY beyond the credit');
    for (const exchange of busy) exchange.sendEnd();
    await daemon.drain();
  });
});

describe('the daemon ignores', () => {
  it('frames for streams that are closed or were never opened', async () => {
    const exchange = await bystander.get(app('blocking.py'), { path: '/seen' });
    for (const stream of [exchange.stream, 4711]) {
      bystander.send(encodeFrame(FrameType.body, stream, Buffer.from('x')));
      bystander.send(encodeFrame(FrameType.end, stream));
      bystander.send(encodeFrame(FrameType.credit, stream, encodeCredit(5)));
      bystander.send(encodeTextFrame(FrameType.abort, stream, 'gone\0'));
    }
    await bystander.confirm();
    expect(bystander.isClosed).toBe(false);
    expect((await bystander.get(app('blocking.py'), { path: '/seen' })).ended).toBe(true);
  });
});

describe('a connection', () => {
  it('begins with the HELLO of the daemon', () => {
    expect(Object.fromEntries(bystander.hello ?? [])).toEqual({
      version: '1',
      pid: String(daemon.pid),
      runtime: 'python',
      threads: '4',
      ahead: '2',
    });
  });

  it('answers PING with the same bytes', async () => {
    bystander.send(encodeFrame(FrameType.ping, 0, Buffer.from('exactly this')));
    await bystander.changed.until(() => bystander.pongs.length > 0, 'PONG');
    expect(bystander.pongs.map(String)).toEqual(['exactly this']);
  });

  it('may deliver its frames byte by byte', async () => {
    const slow = await FrontEnd.connectSilently(daemon.socketPath);
    for (const byte of Buffer.concat([hello, call(1), encodeFrame(FrameType.ping, 0)])) {
      slow.send(Buffer.from([byte]));
      await new Promise((resolve) => setImmediate(resolve));
    }
    await slow.changed.until(() => slow.pongs.length > 0, 'PONG');
  });

  it('may break off within a frame', async () => {
    const broken = await FrontEnd.connectSilently(daemon.socketPath);
    broken.send(hello);
    broken.send(request(1, false).subarray(0, 20));
    await broken.changed.until(() => broken.hello !== undefined, 'HELLO');
    broken.leave();
    await daemon.drain();
  });
});
