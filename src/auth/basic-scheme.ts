import { authenticate, type Providers } from './authenticate.js';
import { parseCredentials } from './credentials.js';
import { quote } from './realm.js';
import type { Scheme } from './scheme.js';
import type { Witness } from './witness.js';

/** `AuthType Basic` (RFC 7617): the client sends name and password with every request. */
export function createBasicScheme(providers: Providers, witness?: Witness): Scheme {
  return {
    authType: 'Basic',
    module: 'auth_basic',
    challenge: (realm) => `Basic realm=${quote(realm)}`,
    readAttempt(request, settings, authorization) {
      const credentials = parseCredentials(authorization);
      if (credentials === 'wrong-scheme')
        return { kind: 'unsuitable', status: 401, text: 'AH01614: client used wrong authentication scheme' };
      return {
        kind: 'attempt',
        user: credentials.user,
        proof: credentials.password,
        check: (place) => authenticate({ request, settings, credentials, place }, providers, witness),
      };
    },
  };
}
