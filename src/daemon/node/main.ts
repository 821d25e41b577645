/** Entry of a Node daemon process; the supervisor starts it with the file descriptors of ../README.md. */

import { captureListening } from './captured-listen.js';
import { ControlChannel, type StartMessage } from './control-channel.js';
import { Daemon } from './daemon.js';
import { watchFaults } from './faults.js';
import { installLightFetch } from './fetch/install.js';
import { captureOutput } from './output-capture.js';
import { endService, runService } from './service.js';
import { registerTypeScript } from './typescript/register.js';

/** The start message could not be carried out (../README.md). */
const refusedExitCode = 78;

// Frameworks show stacks to their visitors unless they are told that this is the real thing.
process.env.NODE_ENV ??= 'production';

let daemon: Daemon | undefined;
/** Of a process that serves no requests. */
let service: StartMessage | undefined;

const control = new ControlChannel({
  start: (message) => void start(message),
  drain: (elapsedMs) =>
    service === undefined ? daemon?.drain(elapsedMs) : process.kill(process.pid, 'SIGTERM'),
  keep: () => daemon?.keep(),
  count: () => control.send({ type: 'counts', ...(daemon?.counts ?? { active: 0, finished: 0 }) }),
  refused,
  ended: terminate,
});
process.on('SIGTERM', terminate);
process.on('SIGINT', terminate);
process.on('SIGUSR1', () => daemon?.wish('it caught SIGUSR1', true));
process.on('SIGXCPU', () => daemon?.wish('it has used the processor for too long (cpu-time-limit)', false));

async function start(message: StartMessage): Promise<void> {
  let failed: readonly string[];
  try {
    if (message.home !== null) enter(message.home);
    if (message.displayName !== null) process.title = message.displayName;
    captureOutput();
    watchFaults();
    registerTypeScript();
    if (message.threads === 0) {
      service = message;
      return await runService(message, control);
    }
    captureListening();
    installLightFetch();
    daemon = new Daemon(message, control);
    failed = await daemon.preload();
    await daemon.listen();
  } catch (error) {
    refused(error instanceof Error ? error.message : String(error));
    return;
  }
  control.send({ type: 'ready', ...(failed.length === 0 ? {} : { failed }) });
}

/** @throws Error that names the option */
function enter(home: string): void {
  try {
    process.chdir(home);
  } catch (error) {
    throw new Error(`home=${home}: ${(error as NodeJS.ErrnoException).code}`);
  }
}

function refused(reason: string): void {
  process.stderr.write(`the daemon process cannot start: ${reason}\n`);
  process.exit(refusedExitCode);
}

function terminate(): void {
  if (service !== undefined) return endService(service);
  if (daemon === undefined) process.exit(0);
  daemon.terminate();
}
