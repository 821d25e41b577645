/** Requests good and bad, the same ones in every run: some written by hand, and what becomes of them when bytes get lost, doubled or changed. */

/** What one client sends, in so many writes; one character per byte. */
export type Pieces = readonly string[];

const host = 'Host: a.example\r\n';
const get = (target: string, fields = '') => `GET ${target} HTTP/1.1\r\n${host}${fields}\r\n`;
const post = (body: string, fields = '') =>
  `POST /form HTTP/1.1\r\n${host}Content-Length: ${body.length}\r\n${fields}\r\n${body}`;

/** Nothing unusual about them. */
export const plain: readonly string[] = [
  get('/'),
  get('/a/b?c=d&e[]=%20f'),
  get('/', 'Connection: close\r\n'),
  get('/', 'connection:Keep-Alive\r\n'),
  get(
    '/',
    'User-Agent: Mozilla/5.0 (X11; Linux x86_64)\r\nAccept: text/html, */*;q=0.8\r\nAccept-Encoding: gzip\r\n',
  ),
  get('/', 'Cookie: a=b; c="d e"\r\nCookie: f=g\r\nX-Empty:\r\nX-Blank: \t \r\nX-Tab:\ta\tb\t\r\n'),
  get('/', 'X-High: \xe9\xff\x80\r\nIf-None-Match: "a", W/"b"\r\n'),
  get('/', `X-Long: ${'x'.repeat(3_000)}\r\n`),
  get('/', "TE: trailers\r\nKeep-Alive: 300\r\nX-Token!#$%&'*+-.^_`|~: a\r\n"),
  'GET / HTTP/1.1\r\n\r\n',
  'GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n',
  'HEAD / HTTP/1.1\r\nHost: a.example\r\n\r\n',
  'DELETE /thing HTTP/1.1\r\nHost: a.example\r\n\r\n',
  'OPTIONS /thing HTTP/1.1\r\nHost: a.example\r\n\r\n',
  post('a=b&c=d'),
  post('', 'Content-Type: text/plain\r\n'),
  post('x'.repeat(20_000)),
  post('{"a":1}', 'Content-Type: application/json\r\nConnection: close\r\n'),
  'PUT /unread HTTP/1.1\r\nHost: a.example\r\nContent-Length: 5\r\n\r\nhello',
  'PATCH /thing HTTP/1.1\r\nHost: a.example\r\nContent-Length: 5\r\n\r\nhello',
  'GET /with-body HTTP/1.1\r\nHost: a.example\r\nContent-Length: 3\r\n\r\nabc',
  'POST /form HTTP/1.1\r\nHost: a.example\r\nContent-Length: \t3 \r\n\r\nabc',
  get('/1') + get('/2') + get('/3'),
  post('first') + post('second') + get('/third'),
  get('/1') + get('/2', 'Connection: close\r\n') + get('/3'),
];

/** Good or bad, but not of the plain kind. */
export const unusual: readonly string[] = [
  'GET / HTTP/1.0\r\n\r\n',
  'GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n',
  'GET / HTTP/1.2\r\nHost: a\r\n\r\n',
  'GET / HTTP/2.0\r\n\r\n',
  'GET / HTTP/11\r\n\r\n',
  'GET /\r\n\r\n',
  'GET  / HTTP/1.1\r\nHost: a\r\n\r\n',
  'GET /  HTTP/1.1\r\nHost: a\r\n\r\n',
  'GET\t/ HTTP/1.1\r\nHost: a\r\n\r\n',
  'get / HTTP/1.1\r\nHost: a\r\n\r\n',
  'FOO / HTTP/1.1\r\nHost: a\r\n\r\n',
  'PROPFIND / HTTP/1.1\r\nHost: a\r\n\r\n',
  'TRACE / HTTP/1.1\r\nHost: a\r\n\r\n',
  'CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n',
  'OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n',
  get('http://b.example/x'),
  get('/a b'),
  get('/a#b'),
  get('/a"b<c>{d}|e\\f^`'),
  get('/a\xe9'),
  get('/a\x00b'),
  get('/a\x7fb'),
  get('/', 'X: a\x00b\r\n'),
  get('/', 'X: a\x7fb\r\n'),
  get('/', 'X: a\x0bb\r\n'),
  get('/', 'X : a\r\n'),
  get('/', ' X: a\r\n'),
  get('/', 'X\r\n'),
  get('/', ': a\r\n'),
  get('/', 'X: a\r\n b\r\n'),
  get('/', 'X: a\rb\r\n'),
  get('/', 'X: a\nY: b\r\n'),
  get('/', 'X(Y): a\r\n'),
  get('/', 'X\xe9: a\r\n'),
  `\r\n${get('/')}`,
  `\n${get('/')}`,
  ` ${get('/')}`,
  get('/').replaceAll('\r\n', '\n'),
  get('/', 'Connection: close, x-y\r\n'),
  get('/', 'Connection: close\r\nConnection: keep-alive\r\n'),
  get('/', 'Connection: \r\n'),
  get('/', 'Proxy-Connection: close\r\n'),
  get('/', 'Connection: upgrade\r\nUpgrade: h2c\r\n'),
  get('/', 'Upgrade: websocket\r\n'),
  get('/', 'Trailer: X\r\n'),
  get('/', 'Expect: 100-continue\r\n'),
  `${get('/', 'Transfer-Encoding: chunked\r\n')}3\r\nabc\r\n0\r\n\r\n`,
  get('/', 'Transfer-Encoding: identity\r\n'),
  post('abc', 'Transfer-Encoding: chunked\r\n'),
  post('abc', 'Content-Length: 3\r\n'),
  post('abc', 'Content-Length: 4\r\n'),
  post('abc', 'Expect: 100-continue\r\n'),
  ...['+3', '-3', '0x3', '3.0', '03', '3,3', '3;3', '', '99999999999999999999', '3\x00', '३'].map(
    (length) => `POST /form HTTP/1.1\r\nHost: a\r\nContent-Length: ${length}\r\n\r\nabc`,
  ),
  get('/', `X-Long: ${'x'.repeat(9_000)}\r\n`),
  get('/', 'X-Many: a\r\n'.repeat(30)),
  get(`/${'x'.repeat(9_000)}`),
  '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03',
  'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
  '\r\n\r\n',
  'garbage\r\n\r\n',
];

/** `from` 0 to `below` - 1, repeatable. */
export type Random = (below: number) => number;

export function createRandom(seed: number): Random {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return (state >>> 8) % below;
  };
}

const bytes = [
  ...[
    '\r',
    '\n',
    '\r\n',
    ' ',
    '\t',
    ':',
    '\0',
    '\x01',
    '\x0b',
    '\x0c',
    '\x7f',
    '\x80',
    '\x85',
    '\xa0',
    '\xff',
  ],
  ...['/', '?', '#', '%', '"', ',', ';', '0', '1', '9', 'a', 'A', '\\', '[', '{', '(', '_', '-', '.', '+'],
];

const changes: readonly ((text: string, random: Random) => string)[] = [
  (text, random) => splice(text, random(text.length), 0, pick(bytes, random)),
  (text, random) => splice(text, random(text.length), 1, pick(bytes, random)),
  (text, random) => splice(text, random(text.length), 1, ''),
  (text, random) => splice(text, random(text.length), 1 + random(8), ''),
  (text, random) => splice(text, random(text.length), 1, String.fromCharCode(random(256))),
  (text, random) => changeLines(text, (lines) => splice(lines, random(lines.length), 0, pick(lines, random))),
  (text, random) => changeLines(text, (lines) => lines.filter((_, at) => at !== random(lines.length))),
  (text) => changeLines(text, (lines) => [...lines.slice(1), lines[0] ?? '']),
  (text, random) =>
    changeLines(text, (lines) => splice(lines, random(lines.length), 0, pick(fields, random))),
  (text, random) =>
    changeLines(text, (lines) => splice(lines, random(lines.length), 0, pick(fields, random))),
  (text, random) => splice(text, random(text.length), 0, text.slice(random(text.length))),
  (text) => text.replaceAll('\r', ''),
];

const fields = [
  ...['Content-Length: 3', 'content-length:0', 'Transfer-Encoding: chunked', 'Transfer-Encoding : chunked'],
  ...['Connection: close', 'Connection: keep-alive', 'Connection: Upgrade', 'Upgrade: websocket', ' folded'],
  ...['Expect: 100-continue', 'Host: b', 'Host:', 'X: \x01', 'X', 'X:y', ':', 'Proxy-Connection: close', ''],
];

/** Every request as it is, and `mutations` of them with one to three changes each; heads of some cut in two at every byte. */
export function makeCorpus(seed: number, mutations: number): Pieces[] {
  const random = createRandom(seed);
  const corpus: Pieces[] = [...plain, ...unusual].map((text) => [text]);
  for (let made = 0; made < mutations; made += 1) {
    // Mostly of the plain ones: that is where two readers could come to see different things.
    let text = random(4) === 0 ? pick(unusual, random) : pick(plain, random);
    for (let left = 1 + random(3); left > 0; left -= 1) text = pick(changes, random)(text, random);
    if (text !== '') corpus.push(random(5) === 0 ? cut(text, random) : [text]);
  }
  for (const whole of [plain[3], plain[14], plain[22]])
    for (let at = 1; at < (whole ?? '').length; at += 1)
      corpus.push([(whole ?? '').slice(0, at), (whole ?? '').slice(at)]);
  corpus.push([...(plain[2] ?? '')], [...(plain[17] ?? '')], [...(unusual[24] ?? '')]);
  return corpus;
}

function cut(text: string, random: Random): Pieces {
  const first = random(text.length);
  const second = first + random(text.length - first);
  return [text.slice(0, first), text.slice(first, second), text.slice(second)].filter(
    (piece) => piece !== '',
  );
}

function pick<Item>(from: readonly Item[], random: Random): Item {
  return from[random(from.length)] as Item;
}

function splice<Sequence extends string | string[]>(
  text: Sequence,
  at: number,
  removed: number,
  added: string,
): Sequence {
  if (typeof text !== 'string') return [...text.slice(0, at), added, ...text.slice(at + removed)] as Sequence;
  return `${text.slice(0, at)}${added}${text.slice(at + removed)}` as Sequence;
}

function changeLines(text: string, change: (lines: string[]) => string[]): string {
  return change(text.split('\r\n')).join('\r\n');
}
