import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { ServerConfig } from '../config/model.js';
import type { PoolPlan } from './daemon-pool.js';
import { removeStaleSockets } from './stale-sockets.js';

/** sun_path holds 108 bytes with its NUL. */
const longestSocketPath = 107;

/** Where the sockets of daemon processes are; each path is used once. */
export class SocketPaths {
  readonly #prefix: string;
  readonly #temporaryDirectory: string | undefined;
  #count = 0;

  /** Makes the folder and clears it of what a server before left there. @throws Error worded for the user */
  constructor({ global }: ServerConfig) {
    const wanted = global.socketPrefix ?? join(global.runtimeDirectory, 'wsgi');
    makeFolder(dirname(wanted), 'the sockets of daemon processes');
    removeStaleSockets(wanted);
    // Room for what `take` adds.
    if (Buffer.byteLength(wanted) + 60 <= longestSocketPath) {
      this.#prefix = `${wanted}.${process.pid}`;
      return;
    }
    this.#temporaryDirectory = join(tmpdir(), `modhost-${process.pid}-${Date.now().toString(36)}`);
    mkdirSync(this.#temporaryDirectory, { mode: 0o711 });
    this.#prefix = join(this.#temporaryDirectory, 'wsgi');
  }

  take({ group, runtime }: PoolPlan): string {
    this.#count += 1;
    const label = group.replace(/[^A-Za-z0-9_-]/g, '_').slice(0, 24);
    return `${this.#prefix}.${label}.${runtime}.${this.#count}.sock`;
  }

  /** After the last socket is closed. */
  remove(): void {
    if (this.#temporaryDirectory !== undefined)
      rmSync(this.#temporaryDirectory, { recursive: true, force: true });
  }
}

/** @throws Error worded for the user */
export function writePidFile(path: string): void {
  makeFolder(dirname(path), 'the PidFile');
  try {
    writeFileSync(path, `${process.pid}\n`, { mode: 0o644 });
  } catch (error) {
    throw new Error(`could not write the PidFile: ${(error as Error).message}`);
  }
}

/** @throws Error worded for the user */
function makeFolder(path: string, purpose: string): void {
  try {
    mkdirSync(path, { recursive: true, mode: 0o755 });
  } catch (error) {
    throw new Error(`could not make the folder for ${purpose}: ${(error as Error).message}`);
  }
}
