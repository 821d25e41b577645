import { once } from 'node:events';
import { createServer } from 'node:http';

export interface EchoBackend {
  /** `127.0.0.1:port` */
  readonly address: string;
  stop(): Promise<void>;
}

/**
 * A server for ProxyPass: answers with the request line and the headers it got (but Connection), in alphabetic order. Of the path, `status-NNN` is the status of
 * the answer, `location…` makes it a redirect to this server, `back` one to `/x/back`, `cookies` sets some.
 */
export async function startEchoBackend(): Promise<EchoBackend> {
  let address = '';
  const server = createServer((request, response) => {
    const { method, url = '', rawHeaders } = request;
    const lines: string[] = [];
    for (let at = 0; at < rawHeaders.length; at += 2)
      lines.push(`${rawHeaders[at]?.toLowerCase()}: ${rawHeaders[at + 1]}`);
    const status = Number(/status-(\d{3})/.exec(url)?.[1] ?? 200);
    const headers: Record<string, string | string[]> = {
      'Content-Type': 'text/plain',
      'X-Answer': 'as sent',
    };
    if (status === 401) headers['WWW-Authenticate'] = 'Basic realm="other"';
    if (url.includes('location')) headers.Location = `http://${address}/x/there?q`;
    if (url.includes('back')) headers.Location = '/x/back';
    if (url.includes('cookies'))
      headers['Set-Cookie'] = ['a=b; Path=/x', 'c=d; path=/x/q; Domain=b.example; HttpOnly', 'e=f'];
    response.writeHead(status, headers);
    response.end(
      `${method} ${url}\n${lines
        .filter((line) => !line.startsWith('connection:'))
        .sort()
        .join('\n')}\n`,
    );
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const bound = server.address();
  address = `127.0.0.1:${typeof bound === 'object' ? bound?.port : 0}`;
  return {
    address,
    stop: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
