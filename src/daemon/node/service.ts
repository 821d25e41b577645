import { closeSync } from 'node:fs';
import type { StartMessage } from './control-channel.js';
import type { SupervisorLink } from './daemon.js';
import { describeError } from './describe-error.js';
import { Scripts } from './scripts.js';

const listenFd = 4;

/**
 * A process without threads (threads=0): it serves no requests, what it imports is what it does. It ends when nothing is left to do, as a
 * program of its own would, or by {@link endService}.
 */
export async function runService(start: StartMessage, supervisor: SupervisorLink): Promise<void> {
  closeSync(listenFd);
  supervisor.send({ type: 'ready' });
  supervisor.unref();
  const scripts = new Scripts({
    loading: () => {},
    loaded: (script, applicationGroup) => supervisor.send({ type: 'loaded', script, applicationGroup }),
    wornOut: () => {},
  });
  for (const { script, applicationGroup } of start.preload) {
    const result = await scripts.load(script, applicationGroup);
    if (!('failure' in result)) continue;
    const lines = describeError(result.failure.error).join('\n');
    process.stderr.write(`the script file ${script} ended with an error\n${lines}\n`);
    process.exit(1);
  }
}

/** SIGTERM, and what means the same: a script that listens to the signal ends by itself. */
export function endService({ shutdownTimeoutMs }: StartMessage): void {
  if (process.listenerCount('SIGTERM') < 2) process.exit(0);
  if (shutdownTimeoutMs > 0) setTimeout(() => process.exit(1), shutdownTimeoutMs).unref();
}
