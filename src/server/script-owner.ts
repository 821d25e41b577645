import { stat } from 'node:fs/promises';
import { posix } from 'node:path';
import type { ProcessGroup } from '../config/model.js';
import { toFilePath } from '../http/index.js';
import { type Refusal, refuse } from './site.js';

type Owner = NonNullable<ProcessGroup['scriptOwner']>;

const writableByGroup = 0o020;
const writableByAll = 0o002;

/**
 * script-user and script-group of WSGIDaemonProcess: the script and the folder it lies in must belong to that account, and
 * nobody else may be able to write to them.
 */
export async function checkScriptOwner(scriptFile: string, owner: Owner): Promise<Refusal | undefined> {
  for (const path of [posix.dirname(scriptFile), scriptFile]) {
    const problem = await findProblem(path, owner);
    if (problem !== undefined)
      return refuse(
        403,
        'wsgi',
        `[script ${scriptFile}] ${path} ${problem} (script-${owner.kind}=${owner.name})`,
      );
  }
  return undefined;
}

async function findProblem(path: string, { kind, id }: Owner): Promise<string | undefined> {
  let status: Awaited<ReturnType<typeof stat>>;
  try {
    status = await stat(toFilePath(path));
  } catch (error) {
    return `cannot be looked at: ${(error as NodeJS.ErrnoException).code}`;
  }
  if ((kind === 'user' ? status.uid : status.gid) !== id) return `does not belong to that ${kind}`;
  if ((status.mode & writableByAll) !== 0) return 'may be written by everybody';
  if (kind === 'user' && (status.mode & writableByGroup) !== 0) return 'may be written by its group';
  return undefined;
}
