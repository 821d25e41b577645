import { createHmac, timingSafeEqual } from 'node:crypto';
import type { AuthnAlias, DirectorySettings } from '../config/model.js';
import type { Provider, ProviderAnswer } from './authenticate.js';
import type { CredentialStore } from './credential-store.js';
import type { Credentials } from './credentials.js';
import { describeFileFault, type FollowedFiles, followFiles } from './followed-files.js';
import type { AuthRequest } from './index.js';
import type { ParseSteps } from './parse-in-slices.js';

/** mod_authn_socache: what a provider has granted is remembered for AuthnCacheTimeout. */
export interface CredentialCache {
  /** `AuthBasicProvider socache`: knows those whom the providers of AuthnCacheProvideFor have let in lately. */
  readonly provider: Provider;
  /** The provider, and what it grants is remembered; of equal questions at the same time one is asked. */
  remembering(name: string, provider: Provider): Provider;
}

/** mod_authn_socache's default. */
const usualKeepMs = 300_000;

/**
 * `secret`: known to all who share the store. What is kept is found under a digest of everything that the answer depends on: who was
 * asked (with the state of that file), for which part of the site, name and password. It is signed, so that who can write to the store lets nobody in.
 */
export function createCredentialCache(store: CredentialStore, secret: Uint8Array): CredentialCache {
  const inFlight = new Map<string, Promise<ProviderAnswer>>();
  const sources = followFiles(parseNothing);
  const sign = (...parts: readonly unknown[]) =>
    createHmac('sha256', secret).update(JSON.stringify(parts)).digest('base64url');

  async function findKey(name: string, question: Question): Promise<string | undefined> {
    const { request, settings, credentials } = question;
    const source = name === 'file' ? settings.authUserFile : settings.authUserScript?.file;
    if (source === undefined) return undefined;
    const state = await identify(source, sources);
    if (state === undefined) return undefined;
    const { user, password } = credentials;
    const script = settings.authUserScript;
    const asked = [name, source, script?.processGroup, script?.applicationGroup];
    return sign('credential', contextOf(request, settings), asked, state, user, password);
  }

  async function recall(key: string): Promise<string | undefined> {
    const [user, until, signature = ''] = (await store.get(key))?.split(' ') ?? [];
    if (user === undefined || !(Number(until) > Date.now())) return undefined;
    const expected = Buffer.from(sign('granted', key, user, until));
    const given = Buffer.from(signature);
    if (given.length !== expected.length || !timingSafeEqual(given, expected)) return undefined;
    return Buffer.from(user, 'base64url').toString('latin1');
  }

  async function note(key: string, name: string, keepMs: number): Promise<void> {
    if (keepMs <= 0) return;
    const user = Buffer.from(name, 'latin1').toString('base64url');
    const until = String(Date.now() + keepMs);
    await store.set(key, [user, until, sign('granted', key, user, until)].join(' '), keepMs);
  }

  async function askOnce(key: string, name: string, question: Question, ask: () => Promise<ProviderAnswer>) {
    const running = inFlight.get(key);
    if (running !== undefined) return running;
    const started = ask().then(async (answer) => {
      // Changed meanwhile: nobody knows which text has granted it.
      if (answer.kind === 'granted' && (await findKey(name, question)) === key)
        await note(key, answer.user, question.settings.authnCacheTimeoutMs ?? usualKeepMs);
      return answer;
    });
    inFlight.set(key, started);
    return started.finally(() => inFlight.delete(key));
  }

  return {
    async provider(request, settings, credentials) {
      for (const { name, own } of listProvided(settings)) {
        const key = await findKey(name, { request, settings: { ...settings, ...own }, credentials });
        const user = key === undefined ? undefined : await recall(key);
        if (user !== undefined) return { kind: 'granted', user };
      }
      return { kind: 'user-not-found' };
    },
    remembering: (name, provider) => async (request, settings, credentials, place) => {
      const ask = () => provider(request, settings, credentials, place);
      if (!listProvided(settings).some((provided) => isSame(provided, name, settings))) return ask();
      const question = { request, settings, credentials };
      // Before the question: what changes meanwhile must not count as what was asked.
      const key = await findKey(name, question);
      return key === undefined ? ask() : askOnce(key, name, question, ask);
    },
  };
}

/** Only who has granted is asked for, not what stands there. */
function* parseNothing(): ParseSteps<undefined> {}

/** Changes when the text of the file does: what was granted before it counts no more. Undefined: it cannot be told. */
async function identify(path: string, sources: FollowedFiles<undefined>): Promise<string | undefined> {
  try {
    return await sources.fingerprint(path);
  } catch (error) {
    if (describeFileFault(error) === undefined) throw error;
    return undefined;
  }
}

interface Question {
  readonly request: AuthRequest;
  /** With those of the alias. */
  readonly settings: DirectorySettings;
  readonly credentials: Credentials;
}

/** A provider whose grants are remembered; `own`: what its alias says. */
interface Provided {
  readonly name: string;
  readonly own: AuthnAlias['settings'];
}

/** What AuthnCacheProvideFor means: it may name aliases. */
function listProvided({
  authnCacheProvideFor = [],
  authBasicProviders = [],
  authnAliases,
}: DirectorySettings): readonly Provided[] {
  return authnCacheProvideFor
    .filter((word) => authBasicProviders.includes(word))
    .map((word) => {
      const alias = authnAliases?.get(word);
      return { name: alias?.provider ?? word, own: alias?.settings ?? {} };
    });
}

function isSame({ name, own }: Provided, asked: string, settings: DirectorySettings): boolean {
  const { authUserFile = settings.authUserFile, authUserScript = settings.authUserScript } = own;
  const isFile = asked === 'file';
  return (
    name === asked &&
    (isFile ? authUserFile === settings.authUserFile : authUserScript?.file === settings.authUserScript?.file)
  );
}

/** AuthnCacheContext: within what a right password is remembered; as in Apache, the folder of the URL if nothing is said. */
function contextOf(request: AuthRequest, { authnCacheContext = 'directory' }: DirectorySettings): string {
  if (authnCacheContext !== 'directory' && authnCacheContext !== 'server') return authnCacheContext;
  const environ = request.environ();
  const variables = new Map<string, string>();
  for (let at = 0; at + 1 < environ.length; at += 2)
    variables.set(environ[at] as string, environ[at + 1] as string);
  const server = JSON.stringify([variables.get('SERVER_NAME'), variables.get('SERVER_PORT')]);
  if (authnCacheContext === 'server') return `server ${server}`;
  // What was decided on, not what was sent: `/one/..` is not in `/one/`, and an internal redirect leads elsewhere.
  const path = variables.get('PATH_INFO') ?? '';
  return `directory ${server} ${path.slice(0, path.lastIndexOf('/') + 1)}`;
}
