import type { DirectorySettings } from '../config/model.js';
import { parseDigestFile } from './digest-file.js';
import { createFairLine, type Place } from './fair-line.js';
import { describeFileFault, followFiles } from './followed-files.js';
import type { AuthPorts, AuthRequest } from './index.js';
import type { Busy, Fault } from './scheme.js';
import type { Witness } from './witness.js';
import { strangersLimits } from './wsgi-provider.js';

/** What Digest has in place of a password: the digest of `user:realm:password` in lower-case hexadecimal. */
export type RealmHash =
  | { readonly kind: 'known'; readonly hash: string }
  | { readonly kind: 'user-not-found' }
  | Fault
  | Busy;

/** Whose digest is asked for, and where. Byte strings. */
export interface RealmLogin {
  readonly request: AuthRequest;
  readonly settings: DirectorySettings;
  readonly user: string;
  readonly realm: string;
  readonly place: Place;
}

/** Who knows the digests of a realm. */
export type RealmHashSource = (login: RealmLogin) => Promise<RealmHash>;

/** By the words of AuthDigestProvider. */
export type RealmHashSources = ReadonlyMap<string, RealmHashSource>;

export function createRealmHashSources(ports: AuthPorts): RealmHashSources {
  return new Map([
    ['file', createFileSource()],
    ['wsgi', createScriptSource(ports)],
  ]);
}

/** Asks the providers in their order until one knows the user. */
export async function findRealmHash(
  names: readonly string[],
  sources: RealmHashSources,
  login: RealmLogin,
  witness?: Witness,
): Promise<RealmHash> {
  const { settings } = login;
  for (const name of names) {
    const alias = settings.authnAliases?.get(name);
    const source = sources.get(alias?.provider ?? name);
    if (source === undefined)
      return { kind: 'fault', module: 'auth_digest', text: `the provider ${name} knows no digests` };
    const own = alias ? { ...settings, ...alias.settings } : settings;
    const answer = await source({ ...login, settings: own });
    witness?.({ kind: 'digest-provider', name, user: login.user, answer });
    if (answer.kind !== 'user-not-found') return answer;
  }
  return { kind: 'user-not-found' };
}

/** `AuthDigestProvider file`: AuthUserFile, as htdigest writes it. */
function createFileSource(): RealmHashSource {
  const files = followFiles(parseDigestFile);
  return async ({ settings: { authUserFile: file }, user, realm }) => {
    if (file === undefined) return faultOf('authn_file', 'AH01621: AuthUserFile is not set');
    try {
      // Somebody may be in the middle of writing the file. Who is in it waits too: the time shall not tell.
      const hash = (await files.readAtRest(file)).get(`${user}:${realm}`);
      return hash === undefined ? { kind: 'user-not-found' } : { kind: 'known', hash };
    } catch (error) {
      const cause = describeFileFault(error);
      if (cause === undefined) throw error;
      return faultOf('authn_file', `AH01622: Could not open password file: ${file}: ${cause}`);
    }
  };
}

/** `AuthDigestProvider wsgi`: get_realm_hash() of WSGIAuthUserScript. */
function createScriptSource(ports: AuthPorts): RealmHashSource {
  const strangers = createFairLine(strangersLimits);
  return async (login) => {
    if (login.place.isKnown) return await askScript(ports, login);
    return await strangers.run(login.place, () => askScript(ports, login));
  };
}

async function askScript(
  ports: AuthPorts,
  { request, settings, user, realm }: RealmLogin,
): Promise<RealmHash> {
  const { authUserScript: script } = settings;
  if (script === undefined) return faultOf('wsgi', 'WSGIAuthUserScript is not set');
  try {
    const hash = await ports.getRealmHash(script, request.environ(), user, realm);
    if (hash === null) return { kind: 'user-not-found' };
    if (isHexadecimal(hash)) return { kind: 'known', hash: hash.toLowerCase() };
    return faultOf('wsgi', `get_realm_hash of ${script.file} gave no digest in hexadecimal`);
  } catch (error) {
    const cause = error instanceof Error ? error.message : String(error);
    return faultOf('wsgi', `get_realm_hash of ${script.file}: ${cause}`);
  }
}

function isHexadecimal(answer: unknown): answer is string {
  return typeof answer === 'string' && /^[0-9a-f]+$/i.test(answer);
}

function faultOf(module: string, text: string): Fault {
  return { kind: 'fault', module, text };
}
