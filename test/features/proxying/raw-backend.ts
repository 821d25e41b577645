import { createServer, type Socket } from 'node:net';
import { anyPort, type BackendAddress, type ListeningBackend, listenAsBackend } from './listening-backend.js';

/** A server that says exactly what a test tells it to, and remembers every byte it was sent. */
export interface RawBackend extends ListeningBackend {
  /** What came in on each connection so far, one character per byte. */
  readonly received: string[];
}

/** `answer` is called for each complete request (head and body) on a connection, with its text. */
export async function startRawBackend(
  answer: (request: string, socket: Socket) => void,
  at: BackendAddress = anyPort,
): Promise<RawBackend> {
  const received: string[] = [];
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    const index = received.push('') - 1;
    let pending = '';
    socket.setEncoding('latin1');
    socket.on('end', () => socket.end());
    socket.on('data', (piece: string) => {
      received[index] += piece;
      pending += piece;
      for (let end = endOfRequest(pending); end > 0; end = endOfRequest(pending)) {
        const request = pending.slice(0, end);
        pending = pending.slice(end);
        answer(request, socket);
      }
    });
  });
  return { ...(await listenAsBackend(server, at)), received };
}

/** Where the first request ends; 0: it is not complete. A body that waits for 100 Continue is not waited for. */
function endOfRequest(text: string): number {
  const head = text.indexOf('\r\n\r\n');
  if (head < 0) return 0;
  const fields = text.slice(0, head);
  const length = /^content-length: *(\d+)/im.exec(fields)?.[1];
  if (/^expect:/im.test(fields)) return head + 4;
  if (/^transfer-encoding:.*chunked/im.test(fields)) {
    const end = text.indexOf('\r\n0\r\n\r\n', head);
    const isEmpty = text.startsWith('0\r\n\r\n', head + 4);
    return isEmpty ? head + 9 : end < 0 ? 0 : end + 7;
  }
  const end = head + 4 + Number(length ?? 0);
  return text.length < end ? 0 : end;
}
