import type { DirectorySettings } from '../config/model.js';
import type { Provider, ProviderAnswer } from './authenticate.js';
import type { Credentials } from './credentials.js';
import { createFairLine } from './fair-line.js';
import type { AuthPorts, AuthRequest } from './index.js';
import type { Fault } from './scheme.js';

/** `AuthBasicProvider wsgi`: the users of WSGIAuthUserScript. Asked for every request, as mod_wsgi does. */
export function createWsgiProvider(ports: AuthPorts): Provider {
  const strangers = createFairLine(strangersLimits);

  return async (request, settings, credentials, place) => {
    if (place.isKnown) return await ask(ports, request, settings, credentials);
    return await strangers.run(place, () => ask(ports, request, settings, credentials));
  };
}

/** So that guessing does not fill the daemon processes, which have the application's requests to answer too. */
export const strangersLimits = {
  tasks: 'password checks of scripts',
  atOnce: 16,
  waitingPerClient: 256,
  waiting: 1024,
  patienceMs: 30_000,
};

async function ask(
  ports: AuthPorts,
  request: AuthRequest,
  { authUserScript: script }: DirectorySettings,
  { user, password }: Credentials,
): Promise<ProviderAnswer> {
  if (script === undefined) return faultOf('WSGIAuthUserScript is not set');
  let answer: unknown;
  try {
    answer = await ports.checkPassword(script, request.environ(), user, password);
  } catch (error) {
    return faultOf(
      `check_password of ${script.file}: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
  if (answer === true) return { kind: 'granted', user };
  if (answer === false) return { kind: 'denied', why: 'Password Mismatch' };
  if (answer === null) return { kind: 'user-not-found' };
  if (isUserName(answer)) return { kind: 'granted', user: answer };
  return faultOf(`check_password of ${script.file} gave no answer that can be used`);
}

/** Text that can become REMOTE_USER: not empty, no control characters. */
function isUserName(answer: unknown): answer is string {
  return typeof answer === 'string' && /^[^\x00-\x1f\x7f]+$/.test(answer);
}

function faultOf(text: string): Fault {
  return { kind: 'fault', module: 'wsgi', text };
}
