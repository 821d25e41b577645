import { connect } from 'node:net';

/** Asks what a case says, of the virtual host `host`, and sums the answer up in one line. */
export function askCase(port: number, host: string, request: string, root: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const { method, bytes } = formatRequest(host, request);
    let text = '';
    const socket = connect(port, '127.0.0.1');
    socket.setEncoding('latin1');
    socket.on('data', (piece) => {
      text += piece;
    });
    socket.on('error', reject);
    socket.on('close', () =>
      resolve(summarise(text, method).replaceAll(root, '@ROOT@').replaceAll(`:${port}`, ':PORT')),
    );
    socket.write(bytes, 'latin1');
  });
}

function formatRequest(host: string, request: string): { method: string; bytes: string } {
  const [line = '', ...rest] = request.split(' | ');
  const [method, target] = line.includes(' ') ? line.split(' ') : ['GET', line];
  const body = rest.find((part) => part.startsWith('body='))?.slice('body='.length) ?? '';
  const headers = rest.filter((part) => !part.startsWith('body='));
  if (!headers.some((header) => header.startsWith('Host:'))) headers.unshift(`Host: ${host}`);
  if (body !== '') headers.push(`Content-Length: ${body.length}`);
  const head = [`${method} ${target} HTTP/1.1`, ...headers, 'Connection: close'];
  return { method: method ?? '', bytes: `${head.join('\r\n')}\r\n\r\n${body}` };
}

/** Headers that are the server's decision, in the order in which they are written down. */
const shownHeaders = [
  'location',
  'content-type',
  'content-encoding',
  'content-language',
  'content-range',
  'www-authenticate',
  'allow',
  'x-app',
  'set-cookie',
  'etag',
];

/**
 * `status > location (type) header=value … "body"`; the server's own page is `page`, with `signed …` for its last line and
 * `additionally` where it tells of a second error.
 */
function summarise(answer: string, method: string): string {
  const end = answer.indexOf('\r\n\r\n');
  const [first = '', ...lines] = answer.slice(0, end).split('\r\n');
  const fields = lines.map((line) => {
    const colon = line.indexOf(':');
    return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()] as const;
  });
  const isChunked = fields.some(([name]) => name === 'transfer-encoding');
  const body = isChunked ? joinChunks(answer.slice(end + 4)) : answer.slice(end + 4);
  const isPage = body.startsWith('<!DOCTYPE HTML');
  const parts = [first.split(' ')[1] ?? 'nothing'];
  for (const name of shownHeaders) {
    if (isPage && name === 'content-type') continue;
    for (const [key, value] of fields) if (key === name) parts.push(formatField(name, value));
  }
  if (isPage) parts.push('page', ...formatPage(body));
  else if (body !== '' && method !== 'HEAD') parts.push(JSON.stringify(neutralBody(body)));
  return parts.join(' ');
}

function formatField(name: string, value: string): string {
  switch (name) {
    case 'location':
      return `> ${value}`;
    case 'content-type':
      return `(${value.replace(/boundary=\w+/, 'boundary=B')})`;
    case 'allow':
      return `allow=${value.split(/,\s*/).sort().join()}`;
    default:
      return `${name}=${value}`;
  }
}

function formatPage(body: string): string[] {
  const [, signature] = /<address>(.*)<\/address>/.exec(body) ?? [];
  return [
    ...(signature === undefined ? [] : [`signed ${signature.replace(/^.* (?=Server at )/, '')}`]),
    ...(/additionally/i.test(body) ? ['additionally'] : []),
  ];
}

/** What both servers write differently, and rightly so; Apache's boundaries have no leading zeros. */
function neutralBody(body: string): string {
  return body.replaceAll(/--[0-9a-f]{8,16}(?=\r|--)/g, '--B').replaceAll('\r\n', '\n');
}

function joinChunks(body: string): string {
  let joined = '';
  for (let at = 0; ; ) {
    const lineEnd = body.indexOf('\r\n', at);
    const length = Number.parseInt(body.slice(at, lineEnd), 16);
    if (lineEnd === -1 || Number.isNaN(length)) return `${joined}(cut off)`;
    if (length === 0) return joined;
    joined += body.slice(lineEnd + 2, lineEnd + 2 + length);
    at = lineEnd + 2 + length + 2;
  }
}
