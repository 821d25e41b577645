import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { encodeHello, FrameType } from '../../src/wire/index.js';
import { encodeTextFrame } from '../wire/encode-frame.js';

/** Reads until the first REQUEST has come, and nothing more: what comes after that stays with the system. */
const program = `
import os, socket, sys, time
listener = socket.socket(socket.AF_UNIX)
listener.bind(sys.argv[1])
listener.listen()
os.write(1, b'listens')
connected, _ = listener.accept()
connected.sendall(bytes.fromhex(sys.argv[2]))
read = b''
while b'/app.py' not in read:
    read += connected.recv(65536)
os.write(1, b'has read')
time.sleep(60)
`;

export interface DeafDaemon {
  readonly socketPath: string;
  /** Resolves when it reads no more. */
  readonly hasRead: Promise<void>;
  kill(): void;
}

/** A process of its own, since Node goes on reading into its own memory. */
export async function startDeafDaemon(): Promise<DeafDaemon> {
  const folder = mkdtempSync(join(tmpdir(), 'modhost-proxy-'));
  const socketPath = join(folder, 'deaf.sock');
  const hello = encodeTextFrame(
    FrameType.hello,
    0,
    encodeHello(['pid', '1', 'runtime', 'python', 'threads', '3']),
  );
  const child = spawn('python3', ['-c', program, socketPath, hello.toString('hex')], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  child.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  const said = child.stdout.setEncoding('utf8');
  await once(said, 'data');
  const hasRead = once(said, 'data').then(() => undefined);
  return { socketPath, hasRead, kill: () => void child.kill('SIGKILL') };
}
