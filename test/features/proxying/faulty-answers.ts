import { type RawBackend, startRawBackend } from './raw-backend.js';

/** What servers get wrong, for modhost's own tests and for the comparison with Apache. */

const big = 'x'.repeat(200_000);

/** The path says what goes wrong. `true`: the connection is ended behind it. */
export const faultyAnswers: Record<string, readonly [bytes: string, ends: boolean]> = {
  silent: ['', false],
  closed: ['', true],
  'half-head': ['HTTP/1.1 200 OK\r\nContent-Type: te', false],
  'head-cut': ['HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n', true],
  'long-length': ['HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort', true],
  'short-length': [
    'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil',
    false,
  ],
  both: [
    'HTTP/1.1 200 OK\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n',
    false,
  ],
  'two-lengths': ['HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nok!', false],
  'bad-length': ['HTTP/1.1 200 OK\r\nContent-Length: two\r\n\r\nok', false],
  'bare-lf': ['HTTP/1.1 200 OK\nContent-Length: 2\n\nok', false],
  'huge-head': [`HTTP/1.1 200 OK\r\nX-Big: ${big}\r\nContent-Length: 2\r\n\r\nok`, false],
  garbage: ['What?\r\n\r\nNothing.', true],
  'http-2': ['HTTP/2.0 200 OK\r\nContent-Length: 2\r\n\r\nok', false],
  'bad-header': ['HTTP/1.1 200 OK\r\nX Y: 1\r\nContent-Length: 2\r\n\r\nok', false],
  'mid-body': ['HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n', true],
  'bad-chunk': ['HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\nzz\r\n', false],
  stall: ['HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello', false],
  switching: ['HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\nraw', false],
  trailers: [
    'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-Late\r\n\r\n2\r\nok\r\n0\r\nX-Late: 1\r\nConnection: X-A\r\n\r\n',
    false,
  ],
  'bad-trailers': [
    'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\nno trailer\r\n\r\n',
    false,
  ],
  'interim-only': ['HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n', false],
  'no-content': ['HTTP/1.1 204 No Content\r\n\r\n', false],
};

/** A server that answers as the first segment of the path says, and well where that is none of the faults. */
export function startFaultyBackend(): Promise<RawBackend> {
  return startRawBackend((request, socket) => {
    const name = /^\w+ \/([\w-]*)/.exec(request)?.[1] ?? '';
    const [bytes, ends] = faultyAnswers[name] ?? ['HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nfine', false];
    socket.write(bytes, 'latin1');
    if (ends) socket.end();
  });
}
