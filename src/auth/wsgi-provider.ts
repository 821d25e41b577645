import type { Provider } from './authenticate.js';
import type { AuthPorts } from './index.js';
import type { Fault } from './scheme.js';

/** `AuthBasicProvider wsgi`: the users of WSGIAuthUserScript. Asked for every request, as mod_wsgi does. */
export function createWsgiProvider(ports: AuthPorts): Provider {
  return async (request, { authUserScript: script }, { user, password }) => {
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
  };
}

/** Text that can become REMOTE_USER: not empty, no control characters. */
function isUserName(answer: unknown): answer is string {
  return typeof answer === 'string' && /^[^\x00-\x1f\x7f]+$/.test(answer);
}

function faultOf(text: string): Fault {
  return { kind: 'fault', module: 'wsgi', text };
}
