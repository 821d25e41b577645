import { GateFull, parsePasswordFile, recogniseHash } from '../htpasswd-auth/index.js';
import type { Provider } from './authenticate.js';
import { describeFileFault, followFiles } from './followed-files.js';
import { createPasswordVerifier, type PasswordVerifier } from './password-verifier.js';
import type { Fault } from './scheme.js';

/** `AuthBasicProvider file`: the users of AuthUserFile. */
export function createFileProvider(verifier: PasswordVerifier = createPasswordVerifier()): Provider {
  const passwordFiles = followFiles(readPasswordFile);

  return async (_request, { authUserFile: file }, { user, password }) => {
    if (file === undefined) return faultOf('AH01619: AuthUserFile is not set');
    return tellFaults(file, async () => {
      const { hashes, usualHash } = await passwordFiles.read(file);
      const hash = hashes.get(user);
      const spendTime = async () => {
        if (usualHash !== undefined) await verifier.verifyOnce({ file, user, password, hash: usualHash });
        return undefined;
      };
      if (hash === undefined) return { kind: 'user-not-found', spendTime: () => tellFaults(file, spendTime) };
      if (recogniseHash(hash) === undefined) {
        await spendTime();
        return { kind: 'denied', why: 'the stored password hash is of no known format' };
      }
      const fits = await verifier.verify({ file, user, password, hash });
      return fits ? { kind: 'granted', user } : { kind: 'denied', why: 'Password Mismatch' };
    });
  };
}

/** A file that cannot be read and too much to do are answers; any other error is a bug. */
async function tellFaults<Answer>(file: string, ask: () => Promise<Answer>): Promise<Answer | Fault> {
  try {
    return await ask();
  } catch (error) {
    if (error instanceof GateFull) return faultOf(error.message);
    const cause = describeFileFault(error);
    if (cause === undefined) throw error;
    return faultOf(`AH01620: Could not open password file: ${file}: ${cause}`);
  }
}

interface PasswordFile {
  readonly hashes: ReadonlyMap<string, string>;
  /** An entry of the kind that most entries have: what a check usually costs. Absent: no entry can be verified. */
  readonly usualHash: string | undefined;
}

function readPasswordFile(text: string): PasswordFile {
  const hashes = parsePasswordFile(text);
  return { hashes, usualHash: findUsualHash(hashes.values()) };
}

function findUsualHash(hashes: Iterable<string>): string | undefined {
  const kinds = new Map<string, { readonly example: string; count: number }>();
  for (const hash of hashes) {
    const stored = recogniseHash(hash);
    if (stored === undefined) continue;
    const costs = `${stored.kind} ${'cost' in stored ? stored.cost : ''} ${'rounds' in stored ? stored.rounds : ''}`;
    const kind = kinds.get(costs);
    if (kind === undefined) kinds.set(costs, { example: hash, count: 1 });
    else kind.count += 1;
  }
  return [...kinds.values()].sort((a, b) => b.count - a.count)[0]?.example;
}

function faultOf(text: string): Fault {
  return { kind: 'fault', module: 'authn_file', text };
}
