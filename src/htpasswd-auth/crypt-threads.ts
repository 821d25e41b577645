import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import { createGate } from './gate.js';

/** What a thread is asked, one at a time. */
export interface CryptJob {
  readonly password: Uint8Array;
  /** As stored. */
  readonly hash: string;
}

/** What it answers. */
export type CryptAnswer = { readonly fits: boolean } | { readonly fault: string };

/**
 * Worker threads load built files only. When this module itself runs from TypeScript (tests do that), the thread's
 * module is the one that `npm run build` left; `npm test` builds first.
 */
const threadModule = import.meta.url.endsWith('.ts')
  ? new URL('../../dist/htpasswd-auth/crypt-thread.js', import.meta.url)
  : new URL('./crypt-thread.js', import.meta.url);

const atOnce = Math.max(1, availableParallelism() - 1);
const gate = createGate({ tasks: 'password checks', atOnce, waiting: 512 });

/** Threads without a job. They are started when first needed, live as long as the process and do not keep it alive. */
const idle: Worker[] = [];

/**
 * Whether the password fits a hash of a slow format. Not on Node's own thread pool, which reads files. Rejects with `GateFull` when too
 * many wait, and when the thread dies.
 */
export function verifyOnThread(password: Buffer, hash: string): Promise<boolean> {
  return gate.run(async () => {
    const thread = idle.pop() ?? startThread();
    thread.ref();
    // A copy of its own: a Buffer's memory is shared with others, and all of it would be sent.
    const answer = await ask(thread, { password: Uint8Array.from(password), hash });
    // A thread that failed does not get here: the next job starts another.
    thread.unref();
    idle.push(thread);
    if ('fault' in answer) throw new Error(`a password could not be hashed: ${answer.fault}`);
    return answer.fits;
  });
}

function startThread(): Worker {
  const thread = new Worker(threadModule);
  // Without a listener an error of an idle thread would end this process. It is followed by 'exit'.
  thread.on('error', () => {});
  thread.on('exit', () => {
    const place = idle.indexOf(thread);
    if (place !== -1) idle.splice(place, 1);
  });
  return thread;
}

function ask(thread: Worker, job: CryptJob): Promise<CryptAnswer> {
  return new Promise((resolve, reject) => {
    function settle(act: () => void): void {
      thread.off('message', onMessage).off('error', onError).off('exit', onExit);
      act();
    }
    const onMessage = (answer: CryptAnswer) => settle(() => resolve(answer));
    const onError = (error: Error) => settle(() => reject(error));
    const onExit = () => settle(() => reject(new Error('a password-hashing thread ended unasked')));
    thread.on('message', onMessage).on('error', onError).on('exit', onExit);
    thread.postMessage(job);
  });
}
