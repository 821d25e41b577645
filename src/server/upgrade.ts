import { type IncomingMessage, type Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { headerValue, headerValues } from '../http/index.js';

/** What becomes of a request that node:http takes for the end of HTTP on its connection. */
export interface UpgradeHandlers {
  /** Calls back when everything before it on the connection is answered. */
  waitForTurn(request: IncomingMessage, begin: () => void): void;
  /** A handshake of a protocol, in lower case, that somebody here may speak; the connection ends with its answer, unless that is 101. */
  wanted(request: IncomingMessage, protocol: string, makeResponse: () => ServerResponse): void;
}

/**
 * With `Upgrade`, node:http stops reading HTTP, whether anybody here wants another protocol or not. Handshakes of WebSocket, and of `protocols`, are served as
 * requests whose connection can be handed over. Everything else (`Upgrade: h2c`, a body) goes back to the server without that wish: who
 * does not change the protocol shall answer as if it had not been offered (RFC 9110 section 7.8).
 */
export function listenForUpgrades(
  server: Server,
  arrival: 'connection' | 'secureConnection',
  protocols: ReadonlySet<string> | undefined,
  handlers: UpgradeHandlers,
): void {
  server.on('upgrade', (request: IncomingMessage, socket: Socket, early: Buffer) => {
    // The socket is out of node:http's hands here, and so are its errors.
    if (!socket.listeners('error').includes(ignoreError)) socket.on('error', ignoreError);
    const protocol = findProtocol(request, protocols);
    if (protocol !== undefined) {
      if (early.length > 0) socket.unshift(early);
      handlers.wanted(request, protocol, () => makeResponse(request, socket));
      return;
    }
    const head = withoutWish(request);
    if (head === undefined) {
      // It would come here again and again.
      socket.destroy();
      return;
    }
    handlers.waitForTurn(request, () => {
      socket.unshift(Buffer.concat([Buffer.from(head, 'latin1'), early]));
      server.emit(arrival, socket);
    });
  });
}

/** One for all: a connection may come here as often as it carries requests. */
function ignoreError(): void {}

/** The one that is asked for, if it is WebSocket or one of those of the site file. */
function findProtocol(
  { method, rawHeaders, httpVersionMinor }: IncomingMessage,
  protocols: ReadonlySet<string> | undefined,
): string | undefined {
  const hasBody =
    headerValue(rawHeaders, 'transfer-encoding') !== undefined ||
    !/^0*$/.test(headerValue(rawHeaders, 'content-length') ?? '');
  if (method !== 'GET' || httpVersionMinor !== 1 || hasBody) return undefined;
  const asked = headerValues(rawHeaders, 'upgrade').join(',').toLowerCase().trim();
  if (asked === 'websocket' || protocols?.has(asked)) return asked;
  // Not what would carry requests by the rules of this server, nor a choice of protocols.
  return protocols?.has('any') && /^[a-z0-9][a-z0-9._/-]*$/.test(asked) && !/^h2c?$/.test(asked)
    ? asked
    : undefined;
}

function makeResponse(request: IncomingMessage, socket: Socket): ServerResponse {
  const response = new ServerResponse(request);
  response.shouldKeepAlive = false;
  response.assignSocket(socket);
  socket.on('drain', () => response.emit('drain'));
  response.once('finish', () => {
    response.detachSocket(socket);
    socket.destroySoon();
  });
  return response;
}

/** The fields in which node:http's parser looks for the word. */
const connectionFields: ReadonlySet<string> = new Set(['connection', 'proxy-connection']);

/** The head as it was, but for the word in Connection that makes an upgrade of it; undefined: there is no such word. */
function withoutWish({ method, url, httpVersion, rawHeaders }: IncomingMessage): string | undefined {
  let hadWish = false;
  let head = `${method} ${url} HTTP/${httpVersion}\r\n`;
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const name = rawHeaders[at] as string;
    const value = rawHeaders[at + 1] as string;
    const left = connectionFields.has(name.toLowerCase()) ? withoutUpgrade(value) : value;
    hadWish ||= left !== value;
    if (left !== '') head += `${name}: ${left}\r\n`;
    else if (value === '') head += `${name}:\r\n`;
  }
  return hadWish ? `${head}\r\n` : undefined;
}

function withoutUpgrade(connection: string): string {
  const options = connection.split(',').map((option) => option.trim());
  return options.filter((option) => option.toLowerCase() !== 'upgrade').join(', ');
}
