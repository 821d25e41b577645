import { connect } from 'node:net';
import { createInterface } from 'node:readline';
import { type ControlOutcome, type ControlRequest, controlSilenceMs, readReply } from './protocol.js';

/** There was no outcome. */
export interface NoOutcome {
  /** Worded for the operator. */
  readonly problem: string;
  /** Nobody listens on that socket, so nobody has heard the request. */
  readonly isUnheard: boolean;
}

/**
 * Sends one request to the server with that control socket; `hear` gets each line of text as it comes. A server that says nothing
 * for `patienceMs` is given up.
 */
export function askControl(
  path: string,
  request: ControlRequest,
  hear: (text: string) => void,
  patienceMs = controlSilenceMs,
): Promise<ControlOutcome | NoOutcome> {
  return new Promise((resolve) => {
    const socket = connect(path, () => socket.write(`${JSON.stringify(request)}\n`));
    const finish = (outcome: ControlOutcome | NoOutcome): void => {
      resolve(outcome);
      socket.destroy();
    };
    const giveUp = (problem: string, isUnheard = false): void => finish({ problem, isUnheard });
    socket.setTimeout(patienceMs, () => giveUp(`it says nothing for ${patienceMs / 1000} s: it hangs`));
    socket.on('error', ({ code, message }: NodeJS.ErrnoException) =>
      giveUp(
        code === 'EACCES' ? `only the account that it runs as may ask it (${path})` : message,
        code === 'ENOENT' || code === 'ECONNREFUSED',
      ),
    );
    socket.on('close', () => giveUp('it ended before it had answered'));
    createInterface({ input: socket }).on('line', (line) => {
      const reply = readReply(line);
      if (reply === undefined) giveUp('it answers what is no reply');
      else if ('text' in reply) hear(reply.text);
      else if ('isDone' in reply) finish(reply);
    });
  });
}
