import { type CallMessage, encodeCall, FrameType, type ReplyMessage } from '../wire/index.js';
import { isUntouched } from './daemon-connection.js';
import type { GroupLimits, ProcessPool } from './process-pool.js';

/** The question could not be put to a daemon process, or got no usable answer. */
export class CallFailure extends Error {
  override readonly name = 'CallFailure';
}

/**
 * Asks a function of a script in a daemon process of the pool.
 * @throws CallFailure when no process could be reached, it ended, or the time limit passed.
 */
export function callFunction(
  pool: ProcessPool,
  limits: GroupLimits,
  message: CallMessage,
  log: (level: string, line: Buffer) => void,
): Promise<ReplyMessage> {
  return new Promise((resolve, reject) => attempt(1, resolve, reject));

  function attempt(
    count: number,
    resolve: (reply: ReplyMessage) => void,
    reject: (error: CallFailure) => void,
  ): void {
    pool.lease((answer) => {
      if (answer.kind === 'refusal') return reject(new CallFailure(answer.reason));
      let timer: NodeJS.Timeout | undefined;
      const leave = () => {
        clearTimeout(timer);
        answer.release();
      };
      const fail = (reason: string) => {
        leave();
        reject(new CallFailure(reason));
      };
      const unexpected = () => fail('the daemon process answered a CALL with something else');
      const unexpectedBody = () => {
        unexpected();
        return 'free' as const;
      };
      const repeat = () => {
        leave();
        attempt(count + 1, resolve, reject);
      };
      let { isAhead } = answer;
      let text: string;
      try {
        text = encodeCall({ ...message, isAhead });
      } catch (error) {
        return fail((error as Error).message);
      }
      const stream = answer.connection.open(FrameType.call, text, isAhead, {
        reply: (reply) => {
          leave();
          resolve(reply);
        },
        abort: (code, sentence) => {
          if (code === 'retry' && count < pool.mostAttempts) repeat();
          else fail(sentence);
        },
        log,
        accepted: () => {
          isAhead = false;
        },
        lost: (reason, traces) => {
          if (isUntouched(isAhead, traces) && count < pool.mostAttempts) repeat();
          else fail(`daemon process ${answer.pid} ended: ${reason}`);
        },
        response: unexpected,
        body: unexpectedBody,
        bodyText: unexpectedBody,
        end: unexpected,
        credit: () => {},
      });
      if (limits.socketTimeoutMs > 0) {
        timer = setTimeout(() => {
          answer.connection.abort(stream, 'timeout', 'socket-timeout');
          fail(`no answer within ${limits.socketTimeoutMs / 1000} s (socket-timeout)`);
        }, limits.socketTimeoutMs);
      }
    });
  }
}
