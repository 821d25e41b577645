import { rmSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { type ControlOutcome, type ControlReply, type ControlRequest, readRequest } from './protocol.js';

/** Carries a request out; `say` sends a line meanwhile. */
export type CarryOut = (request: ControlRequest, say: (text: string) => void) => Promise<ControlOutcome>;

/** sun_path holds 108 bytes with its NUL. */
const longestPath = 107;

/**
 * Listens for operators on a socket that only the server's own account can open (mode 0600).
 * @throws Error worded for the log when it cannot
 */
export async function serveControl(path: string, carryOut: CarryOut): Promise<{ close(): void }> {
  if (Buffer.byteLength(path) > longestPath)
    throw new Error(`the path of the control socket is too long: ${path}`);
  // Of a server that was killed: whoever asks for a second one has been told that the first one runs.
  rmSync(path, { force: true });
  const server = createServer((socket) => serveOperator(socket, carryOut));
  await listen(server, path);
  return {
    close: () => {
      server.close();
      rmSync(path, { force: true });
    },
  };
}

function listen(server: Server, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error) => reject(new Error(`cannot listen on ${path}: ${error.message}`)));
    // Node binds before `listen` returns: nobody can connect before the mode is right.
    const mask = process.umask(0o177);
    try {
      server.listen(path, resolve);
    } finally {
      process.umask(mask);
    }
  });
}

function serveOperator(socket: Socket, carryOut: CarryOut): void {
  const send = (reply: ControlReply): void => {
    if (!socket.destroyed) socket.write(`${JSON.stringify(reply)}\n`);
  };
  socket.on('error', () => {});
  createInterface({ input: socket }).once('line', async (line) => {
    const request = readRequest(line);
    if (request === undefined) send({ text: 'not a request that this server understands' });
    send(request === undefined ? { isDone: false } : await carryOut(request, (text) => send({ text })));
    socket.end();
  });
}
