import { connect } from 'node:net';
import { createInterface } from 'node:readline';
import type { ControlOutcome, ControlReply, ControlRequest } from './protocol.js';

/** Nobody listens there, or not for us. */
export interface Unreachable {
  readonly unreachable: string;
}

/** Sends one request to the server with that control socket; `hear` gets each line of text as it comes. */
export function askControl(
  path: string,
  request: ControlRequest,
  hear: (text: string) => void,
): Promise<ControlOutcome | Unreachable> {
  return new Promise((resolve) => {
    const socket = connect(path, () => socket.write(`${JSON.stringify(request)}\n`));
    socket.on('error', (error) => resolve({ unreachable: error.message }));
    // A server that ends in the middle has not done what it was asked for.
    socket.on('close', () => resolve({ isDone: false }));
    createInterface({ input: socket }).on('line', (line) => {
      const reply = JSON.parse(line) as ControlReply;
      if ('text' in reply) hear(reply.text);
      else resolve(reply);
    });
  });
}
