import { authenticate, authenticateByDigest, type Providers } from './authenticate.js';
import { parseCredentials } from './credentials.js';
import { quote } from './realm.js';
import type { RealmHashSources } from './realm-hashes.js';
import type { Scheme } from './scheme.js';
import type { Witness } from './witness.js';

/** `AuthType Basic` (RFC 7617): the client sends name and password with every request. */
export function createBasicScheme(
  providers: Providers,
  sources: RealmHashSources = new Map(),
  witness?: Witness,
): Scheme {
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
        check: (place) => {
          const login = { request, settings, credentials, place };
          return settings.authBasicUsesDigest === true
            ? authenticateByDigest(login, sources, witness)
            : authenticate(login, providers, witness);
        },
      };
    },
  };
}
