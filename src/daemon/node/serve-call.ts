import { type CallFunction, type CallMessage, type ReplyMessage, readWords } from '../../wire/index.js';
import { findDispatch } from './dispatching.js';
import { RequestFacts } from './environ.js';
import { executionContext } from './execution-context.js';
import { toFileName } from './file-name.js';
import type { ModuleExports } from './module-exports.js';
import { printDirectly } from './output-capture.js';
import { Reply } from './reply.js';
import type { Host } from './serve-request.js';
import type { Stream } from './stream.js';
import { WsgiErrors } from './wsgi-input.js';

type ScriptFunction = (environ: Record<string, unknown>, ...parameters: readonly string[]) => unknown;

/** Asks what a CALL asks; a text says what is wrong with the answer. */
export type Question = (environ: Record<string, unknown>) => Promise<ReplyMessage | string>;

/** Each function under Python's name and under JavaScript's. */
const exportNames = {
  check_password: ['check_password', 'checkPassword'],
  groups_for_user: ['groups_for_user', 'groupsForUser'],
  get_realm_hash: ['get_realm_hash', 'getRealmHash'],
  allow_access: ['allow_access', 'allowAccess'],
} as const satisfies Record<Exclude<CallFunction, 'dispatch'>, readonly string[]>;

/** Answers one CALL: loads the script like a request would, calls its function, checks what it gave back. */
export async function serveCall(stream: Stream, message: CallMessage, host: Host): Promise<void> {
  const path = toFileName(message.scriptFile);
  const known = host.scripts.loaded(path, message.applicationGroup);
  if (message.checkScript && known?.hasChanged(host.arrival) === true && host.replacement.concerns(known)) {
    if (await host.replacement.isForSuccessor(known)) {
      stream.abort('retry', `the script ${path} has changed`);
      return;
    }
  }
  const reply = new Reply(stream, 'GET', path);
  const result =
    known === undefined ? await host.scripts.load(path, message.applicationGroup) : { script: known };
  if ('failure' in result) {
    const sentence = 'the script file could not be loaded';
    if (result.failure.first) reply.complain(sentence, result.failure.error);
    stream.reply({ kind: 'error', sentence });
    return;
  }
  const ask = findQuestion(result.script.exports, message);
  if (typeof ask === 'string') {
    stream.reply({ kind: 'missing', sentence: `${path} exports no function ${ask}` });
    return;
  }
  await executionContext.run(reply, () => answerCall(ask, stream, reply, message));
}

/** What to ask of the script, or the names of the functions that it lacks. */
function findQuestion(
  exports: ModuleExports,
  { functionName, arguments: given }: CallMessage,
): Question | string {
  if (functionName === 'dispatch')
    return findDispatch(exports) ?? 'process_group, application_group or callable_object';
  const callable = findFunction(exports, functionName);
  if (callable === undefined) return exportNames[functionName].join(' or ');
  return async (environ) => readers[functionName](await callable(environ, ...given));
}

function findFunction(
  exports: ModuleExports,
  functionName: keyof typeof exportNames,
): ScriptFunction | undefined {
  for (const name of exportNames[functionName]) {
    const exported = exports.get(name);
    if (typeof exported === 'function') return exported as ScriptFunction;
  }
  return undefined;
}

async function answerCall(ask: Question, stream: Stream, reply: Reply, message: CallMessage): Promise<void> {
  const { environ } = new RequestFacts({ words: readWords(message.environ), environ: message.environ });
  const errors = new WsgiErrors((bytes) => {
    if (!reply.print(2, bytes)) printDirectly(2, bytes);
  });
  let checked: ReplyMessage | string;
  try {
    checked = await ask({ ...environ, 'wsgi.errors': errors });
  } catch (error) {
    reply.flushPrinted();
    reply.complain(`${message.functionName} raised an error`, error);
    stream.reply({ kind: 'error', sentence: `${message.functionName} raised an error` });
    return;
  }
  reply.flushPrinted();
  if (typeof checked === 'string') {
    const sentence = `${message.functionName} returned ${checked}`;
    reply.log(`${sentence} (script ${reply.scriptFile})`);
    stream.reply({ kind: 'error', sentence });
    return;
  }
  stream.reply(checked);
}

/** Only the real true and false count (mod_wsgi.md §5); a string is the user's name from now on. Else: what is wrong. */
function checkVerdict(result: unknown): ReplyMessage | string {
  if (result === true) return { kind: 'true' };
  if (result === false) return { kind: 'false' };
  // Python's None has two faces in JavaScript.
  if (result === null || result === undefined) return { kind: 'none' };
  if (typeof result !== 'string') return `a value that is not true, false, null or a string`;
  if (!isWireText(result)) return 'a user name that is empty or holds characters beyond latin-1, or NUL';
  return { kind: 'text', text: result };
}

/** Nobody knows the user, or the digest of `user:realm:password` in hexadecimal. Else: what is wrong. */
function checkRealmHash(result: unknown): ReplyMessage | string {
  if (result === null || result === undefined) return { kind: 'none' };
  const text = result instanceof Uint8Array ? Buffer.from(result).toString('latin1') : result;
  if (typeof text !== 'string' || !isWireText(text))
    return 'a value that is not a digest in hexadecimal or null';
  return { kind: 'text', text };
}

/** As for passwords, but without names. Else: what is wrong. */
function checkAccess(result: unknown): ReplyMessage | string {
  const checked = checkVerdict(result);
  if (typeof checked === 'string' || checked.kind === 'text')
    return 'a value that is not true, false or null';
  return checked;
}

/** Any iterable of byte strings or bytes. Else: what is wrong. */
function checkGroups(result: unknown): ReplyMessage | string {
  if (typeof result === 'string' || typeof result !== 'object' || result === null)
    return 'a value that is not an iterable of group names';
  if (result instanceof Uint8Array || !(Symbol.iterator in result))
    return 'a value that is not an iterable of group names';
  const texts: string[] = [];
  for (const group of result as Iterable<unknown>) {
    const text = group instanceof Uint8Array ? Buffer.from(group).toString('latin1') : group;
    if (typeof text !== 'string' || !isWireText(text))
      return 'a group name that is not a string or bytes, is empty, or holds characters beyond latin-1';
    texts.push(text);
  }
  return { kind: 'list', texts };
}

const readers = {
  check_password: checkVerdict,
  groups_for_user: checkGroups,
  get_realm_hash: checkRealmHash,
  allow_access: checkAccess,
} satisfies Record<keyof typeof exportNames, (result: unknown) => ReplyMessage | string>;

function isWireText(text: string): boolean {
  return /^[\x01-\xff]+$/.test(text);
}
