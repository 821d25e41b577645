import { readPasswordLines, recogniseHash } from '../htpasswd-auth/index.js';
import type { Provider, ProviderAnswer } from './authenticate.js';
import type { Place } from './fair-line.js';
import { describeFileFault, followFiles } from './followed-files.js';
import type { ParseSteps } from './parse-in-slices.js';
import { createPasswordVerifier, type PasswordVerifier } from './password-verifier.js';
import type { Busy, Fault } from './scheme.js';

/** `AuthBasicProvider file`: the users of AuthUserFile. */
export function createFileProvider(verifier: PasswordVerifier = createPasswordVerifier()): Provider {
  const passwordFiles = followFiles(readPasswordFile);

  return async (_request, { authUserFile: file }, { user, password }, place) => {
    if (file === undefined) return faultOf('AH01619: AuthUserFile is not set');
    const attempt: FileLogin = { file, user, password, place };
    return tellFaults(file, async () => {
      const known = await passwordFiles.read(file);
      const answer = await lookUp(attempt, known, verifier);
      if (answer.kind !== 'denied' && answer.kind !== 'user-not-found') return answer;
      // Somebody may be in the middle of writing the file.
      const rested = await passwordFiles.readAtRest(file);
      return rested === known ? answer : lookUp(attempt, rested, verifier);
    });
  };
}

interface FileLogin {
  readonly file: string;
  readonly user: string;
  readonly password: string;
  readonly place: Place;
}

async function lookUp(
  { file, user, password, place }: FileLogin,
  { hashes, usualHash }: PasswordFile,
  verifier: PasswordVerifier,
): Promise<ProviderAnswer> {
  const hash = hashes.get(user);
  const spendTime = async (): Promise<Busy | undefined> => {
    if (usualHash === undefined) return undefined;
    return verifier.spendTime({ file, user, password, hash: usualHash }, place);
  };
  if (hash === undefined) return { kind: 'user-not-found', spendTime: () => tellFaults(file, spendTime) };
  if (recogniseHash(hash) === undefined) {
    const busy = await spendTime();
    return busy ?? { kind: 'denied', why: 'the stored password hash is of no known format' };
  }
  const fits = await verifier.verify({ file, user, password, hash }, place);
  if (typeof fits !== 'boolean') return fits;
  return fits ? { kind: 'granted', user } : { kind: 'denied', why: 'Password Mismatch' };
}

/** A file that cannot be read is an answer; any other error is a bug. */
async function tellFaults<Answer>(file: string, ask: () => Promise<Answer>): Promise<Answer | Fault> {
  try {
    return await ask();
  } catch (error) {
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

function* readPasswordFile(text: string): ParseSteps<PasswordFile> {
  const hashes = yield* readPasswordLines(text);
  return { hashes, usualHash: yield* findUsualHash(hashes.values()) };
}

function* findUsualHash(hashes: Iterable<string>): ParseSteps<string | undefined> {
  const kinds = new Map<string, { readonly example: string; count: number }>();
  let usual: { readonly example: string; readonly count: number } | undefined;
  for (const hash of hashes) {
    yield 0;
    const stored = recogniseHash(hash);
    if (stored === undefined) continue;
    const costs = `${stored.kind} ${'cost' in stored ? stored.cost : ''} ${'rounds' in stored ? stored.rounds : ''}`;
    const kind = kinds.get(costs) ?? { example: hash, count: 0 };
    kind.count += 1;
    kinds.set(costs, kind);
    if (kind.count > (usual?.count ?? 0)) usual = kind;
  }
  return usual?.example;
}

function faultOf(text: string): Fault {
  return { kind: 'fault', module: 'authn_file', text };
}
