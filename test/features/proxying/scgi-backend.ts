import { createServer, type Socket } from 'node:net';
import { anyPort, type BackendAddress, type ListeningBackend, listenAsBackend } from './listening-backend.js';

/** One request as an SCGI server gets it. */
export interface ScgiRequest {
  /** The first two variables. */
  readonly first: string;
  readonly variables: ReadonlyMap<string, string>;
  readonly body: string;
}

export interface ScgiBackend extends ListeningBackend {
  readonly requests: ScgiRequest[];
}

/** An SCGI server that says exactly what a test tells it to. */
export async function startScgiBackend(
  answer: (request: ScgiRequest, socket: Socket) => void,
  at: BackendAddress = anyPort,
): Promise<ScgiBackend> {
  const requests: ScgiRequest[] = [];
  const server = createServer((socket) => {
    let text = '';
    let isAnswered = false;
    socket.setEncoding('latin1');
    socket.on('data', (piece) => {
      text += piece;
      const request = decode(text);
      if (request === undefined || isAnswered) return;
      isAnswered = true;
      requests.push(request);
      answer(request, socket);
    });
  });
  return { ...(await listenAsBackend(server, at)), requests };
}

/** Undefined: something is still to come. */
function decode(text: string): ScgiRequest | undefined {
  const colon = text.indexOf(':');
  if (colon < 0) return undefined;
  const end = colon + 1 + Number(text.slice(0, colon));
  if (text.length < end + 1) return undefined;
  const texts = text.slice(colon + 1, end - 1).split('\0');
  if (text[end] !== ',' || text[end - 1] !== '\0') throw new Error('no netstring');
  const variables = new Map<string, string>();
  for (let at = 0; at < texts.length; at += 2) variables.set(texts[at] ?? '', texts[at + 1] ?? '');
  if (variables.size * 2 !== texts.length) throw new Error('a name comes twice');
  const body = text.slice(end + 1);
  if (body.length < Number(variables.get('CONTENT_LENGTH'))) return undefined;
  return { first: `first ${texts.slice(0, 4).join(' ')}`, variables, body };
}
