/** Runs in a worker thread started by `crypt-threads.ts`: verifies one password after the other. */

import { setPriority } from 'node:os';
import { parentPort } from 'node:worker_threads';
import { verifySync as verifyBcrypt } from '@node-rs/bcrypt';
import { computeCrypt } from './crypt.js';
import type { CryptAnswer, CryptJob } from './crypt-threads.js';
import { isSameHash } from './same-hash.js';
import { recogniseHash } from './stored-hash.js';

/** Behind serving, which always has something shorter to do, and still a third of what a busy core gives. */
const niceness = 5;

giveWay();
parentPort?.on('message', (job: CryptJob) => parentPort?.postMessage(answerJob(job)));

function answerJob({ password, hash }: CryptJob): CryptAnswer {
  try {
    return { fits: verify(Buffer.from(password), hash) };
  } catch (error) {
    return { fault: error instanceof Error ? error.message : String(error) };
  }
}

function verify(password: Buffer, hash: string): boolean {
  const stored = recogniseHash(hash);
  switch (stored?.kind) {
    case 'bcrypt':
      return verifyBcrypt(password, hash);
    case 'md5':
    case 'sha':
    case 'des':
      return isSameHash(computeCrypt(password, stored), hash);
    default:
      throw new Error('no hash that takes long');
  }
}

/** On Linux 0 is the calling thread, not the process. Elsewhere the whole process would give way, so nothing is done. */
function giveWay(): void {
  if (process.platform !== 'linux') return;
  try {
    setPriority(0, niceness);
  } catch {
    // A sandbox may forbid it: only slower for others.
  }
}
