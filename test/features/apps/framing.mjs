// The same as framing.py, with the WSGI convention of JavaScript.
const answers = {
  '/longer': ['200 OK', [['Content-Length', '3']], 'abcHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n'],
  '/chunked': [
    '200 OK',
    [
      ['Transfer-Encoding', 'chunked'],
      ['Content-Length', '5'],
    ],
    '0\r\n\r\n',
  ],
  '/own-chunks': ['200 OK', [['Transfer-Encoding', 'chunked']], '0\r\n\r\nHTTP/1.1 200 OK\r\n\r\n'],
  '/close': ['200 OK', [['Connection', 'close']], 'abc'],
  '/no-content': ['204 No Content', [['Content-Length', '3']], 'abc'],
  '/not-modified': ['304 Not Modified', [], 'abc'],
  '/two-lengths': [
    '200 OK',
    [
      ['Content-Length', '2'],
      ['Content-Length', '3'],
    ],
    'abc',
  ],
  '/upgrade': [
    '200 OK',
    [
      ['Upgrade', 'h2c'],
      ['Connection', 'upgrade'],
    ],
    'abc',
  ],
  '/value-crlf': ['200 OK', [['X-A', 'b\r\nX-Forged: 1']], ''],
  '/value-nul': ['200 OK', [['X-A', 'b\0']], ''],
  '/name-crlf': ['200 OK', [['X-A: b\r\nX-Forged', '1']], ''],
  '/name-colon': ['200 OK', [['X-Forged: 1', '']], ''],
  '/status-crlf': ['200 OK\r\nX-Forged: 1', [], ''],
  '/length-sign': ['200 OK', [['Content-Length', '+3']], 'abc'],
  '/length-list': ['200 OK', [['Content-Length', '3, 3']], 'abc'],
  '/switching': ['101 Switching Protocols', [['Upgrade', 'x']], ''],
  '/early': ['103 Early Hints', [], ''],
};

export function application(environ, startResponse) {
  const [status, headers, body] = answers[environ.PATH_INFO];
  startResponse(status, headers);
  return [body];
}
