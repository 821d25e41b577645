/** Runs in a worker thread started by `crypt-threads.ts`: hashes one password after the other. */

import { parentPort } from 'node:worker_threads';
import { computeCrypt } from './crypt.js';
import type { CryptAnswer, CryptJob } from './crypt-threads.js';

parentPort?.on('message', ({ password, hash }: CryptJob) => {
  parentPort?.postMessage(answerJob(Buffer.from(password), hash));
});

function answerJob(password: Buffer, hash: CryptJob['hash']): CryptAnswer {
  try {
    return { computed: computeCrypt(password, hash) };
  } catch (error) {
    return { fault: error instanceof Error ? error.message : String(error) };
  }
}
