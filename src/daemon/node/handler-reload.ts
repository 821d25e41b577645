import type { IncomingRequest } from '../../wire/index.js';
import { executionContext } from './execution-context.js';
import { toFileName } from './file-name.js';
import type { Replacement } from './replacement.js';
import { Reply } from './reply.js';
import type { ScriptFile } from './script-file.js';
import type { Stream } from './stream.js';

type ReloadRequired = (path: string) => unknown;

/** `reload_required` of a handler script, if it is to be asked about this request: not about a load that was for this very request. */
export function findReloadRequired(script: ScriptFile, message: IncomingRequest): ReloadRequired | undefined {
  if (message.target.isHandlerScript !== true || !message.target.checkScript) return undefined;
  const exported = script.exports.get('reload_required') ?? script.exports.get('reloadRequired');
  if (typeof exported !== 'function') return undefined;
  const startedAt = Number(findValue(message, 'mod_wsgi.request_start')) * 1000;
  return script.loadedAt < startedAt ? (exported as ReloadRequired) : undefined;
}

/** Whether a successor of this process is to take the request. What the function throws is logged, and is no. */
export async function isForReload(
  ask: ReloadRequired,
  stream: Stream,
  message: IncomingRequest,
  script: ScriptFile,
  replacement: Replacement,
): Promise<boolean> {
  const reply = new Reply(stream, 'GET', script.path);
  try {
    const resource = toFileName(findValue(message, 'SCRIPT_FILENAME'));
    if (!(await executionContext.run(reply, () => ask(resource)))) return false;
  } catch (error) {
    reply.complain('reload_required raised an error', error);
    return false;
  }
  return replacement.isReloadForSuccessor(`reload_required of ${script.path} says so`);
}

function findValue({ environ }: IncomingRequest, name: string): string {
  for (let at = 0; at + 1 < environ.length; at += 2)
    if (environ[at] === name) return environ[at + 1] as string;
  return '';
}
