import { describeError } from './describe-error.js';
import { executionContext } from './execution-context.js';

/** As Node itself exits after an error that nobody caught. */
const faultExitCode = 1;

/**
 * An error that nobody caught ends the request it belongs to, and no other. One that belongs to no request ends the process,
 * as it would under Node alone: nobody knows in what state it left the application.
 */
export function watchFaults(): void {
  process.on('uncaughtException', (error) => settleFault('uncaughtException', error));
  process.on('unhandledRejection', (reason) => settleFault('unhandledRejection', reason));
}

function settleFault(event: 'uncaughtException' | 'unhandledRejection', error: unknown): void {
  // An application with a listener of its own has decided for itself.
  if (process.listenerCount(event) > 1) return;
  const context = executionContext.getStore();
  if (context?.kind === 'serving') {
    context.failUncaught(error);
    return;
  }
  // Node 20 reports a CommonJS module that failed under an import a second time, as an unheard rejection.
  if (context?.failure !== undefined && context.failure.error === error) return;
  const what = event === 'uncaughtException' ? 'an error was not caught' : 'a promise was rejected unheard';
  process.stderr.write(
    `${what}, outside any request: the process ends\n${describeError(error).join('\n')}\n`,
  );
  process.exit(faultExitCode);
}
