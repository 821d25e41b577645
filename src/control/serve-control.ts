import { rmSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import {
  type ControlOutcome,
  type ControlReply,
  type ControlRequest,
  controlSilenceMs,
  readRequest,
} from './protocol.js';

/** Carries a request out; `say` sends a line meanwhile. */
export type CarryOut = (request: ControlRequest, say: (text: string) => void) => Promise<ControlOutcome>;

/** sun_path holds 108 bytes with its NUL. */
const longestPath = 107;

/** A request, in characters. */
const longestRequest = 4_096;

/**
 * Listens for operators on a socket that only the server's own account can open (mode 0600).
 * @throws Error worded for the log when it cannot
 */
export async function serveControl(path: string, carryOut: CarryOut): Promise<{ close(): void }> {
  if (Buffer.byteLength(path) > longestPath)
    throw new Error(`the path of the control socket is too long: ${path}`);
  // Of a server that was killed: whoever asks for a second one has been told that the first one runs.
  rmSync(path, { force: true });
  const operators = new Set<Socket>();
  const server = createServer((socket) => {
    operators.add(socket);
    socket.once('close', () => operators.delete(socket));
    void serveOperator(socket, carryOut);
  });
  await listen(server, path);
  return {
    close: () => {
      server.close();
      rmSync(path, { force: true });
      // Those that have asked get their answers; nobody else keeps this process from ending.
      for (const socket of operators) {
        socket.unref();
        socket.end();
      }
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

async function serveOperator(socket: Socket, carryOut: CarryOut): Promise<void> {
  const send = (reply: ControlReply): void => {
    if (socket.writable) socket.write(`${JSON.stringify(reply)}\n`);
  };
  socket.on('error', () => {});
  const line = await readLine(socket);
  if (line === undefined) return void socket.destroy();
  const request = readRequest(line);
  if (request === undefined) {
    send({ text: 'not a request that this server understands' });
    send({ isDone: false });
  } else {
    // What takes long has to look different from a server that hangs.
    const timer = setInterval(() => send({ isWorking: true }), controlSilenceMs / 4);
    const outcome = await tryToCarryOut(carryOut, request, (text) => send({ text }));
    clearInterval(timer);
    send(outcome);
  }
  socket.end();
}

/** What an operator asks must not end the server, whatever goes wrong with it. */
async function tryToCarryOut(
  carryOut: CarryOut,
  request: ControlRequest,
  say: (text: string) => void,
): Promise<ControlOutcome> {
  try {
    return await carryOut(request, say);
  } catch (error) {
    say(`modhost: it could not be carried out: ${(error as Error).message}`);
    return { isDone: false };
  }
}

/** Undefined when none comes in time, or a longer one than any request. */
function readLine(socket: Socket): Promise<string | undefined> {
  return new Promise((resolve) => {
    let received = '';
    socket.setTimeout(controlSilenceMs, () => resolve(undefined));
    socket.on('close', () => resolve(undefined));
    socket.setEncoding('utf8').on('data', (text: string) => {
      received += text;
      const end = received.indexOf('\n');
      if (end === -1 && received.length <= longestRequest) return;
      socket.setTimeout(0);
      socket.removeAllListeners('data');
      // What else comes is dropped, so that the end is heard of.
      socket.resume();
      resolve(end === -1 ? undefined : received.slice(0, end));
    });
  });
}
