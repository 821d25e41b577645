import { isAbsolute } from 'node:path';
import { findGroup, findUser } from '../accounts.js';
import type { Here, Mutable } from '../draft.js';
import type { MistakeKind } from '../mistake-codes.js';
import type { ProcessGroup } from '../model.js';
import { maximumTimerMs, parseInteger, resolvePath } from '../values.js';

/** A process group to which options are still being added. */
export type ProcessGroupDraft = Mutable<ProcessGroup>;

/** Puts the value of one option into the group, or says what was expected. */
export type ApplyOption = (group: ProcessGroupDraft, value: string, here: Here) => OptionProblem | undefined;

/** What was expected; a text alone is about the value. */
export type OptionProblem = string | { readonly message: string; readonly kind: MistakeKind };

/** What a process group is when nothing is said about it. */
export const defaultProcessGroup = {
  processes: 1,
  multiprocess: false,
  pythonPath: [],
  listenBacklog: 100,
  connectTimeoutMs: 15_000,
  queueTimeoutMs: 0,
  requestTimeoutMs: 0,
  startupTimeoutMs: 0,
  gracefulTimeoutMs: 15_000,
  shutdownTimeoutMs: 5_000,
  deadlockTimeoutMs: 300_000,
  inactivityTimeoutMs: 0,
  restartIntervalMs: 0,
  maximumRequests: 0,
  headerBufferSize: 32_768,
} as const satisfies Partial<ProcessGroup>;

type NumberMember = 'listenBacklog' | 'maximumRequests' | (`${string}Ms` & keyof ProcessGroup);
type TextMember = 'displayName' | 'lang' | 'locale' | 'pythonEggs';

/** Every option of mod_wsgi 6 by its name. */
export const daemonOptions: ReadonlyMap<string, ApplyOption> = new Map<string, ApplyOption>([
  ['processes', setProcesses],
  ['threads', setThreads],
  ['display-name', text('displayName')],
  ['home', setHome],
  ['user', setUser],
  ['group', setGroup],
  ['supplementary-groups', setSupplementaryGroups],
  ['umask', setUmask],
  ['lang', text('lang')],
  ['locale', text('locale')],
  ['python-home', setPythonHome],
  ['python-path', setPythonPath],
  ['python-eggs', text('pythonEggs')],
  ['listen-backlog', integer('listenBacklog', 1, 65_535)],
  ['connect-timeout', seconds('connectTimeoutMs')],
  ['socket-timeout', setSocketTimeout],
  ['queue-timeout', seconds('queueTimeoutMs')],
  ['graceful-timeout', seconds('gracefulTimeoutMs')],
  ['shutdown-timeout', seconds('shutdownTimeoutMs')],
  ['header-buffer-size', setHeaderBufferSize],

  // In the model, but no process obeys them yet.
  ['request-timeout', notYet(seconds('requestTimeoutMs'))],
  ['startup-timeout', notYet(seconds('startupTimeoutMs'))],
  ['deadlock-timeout', notYet(seconds('deadlockTimeoutMs'))],
  ['inactivity-timeout', notYet(seconds('inactivityTimeoutMs'))],
  ['restart-interval', notYet(seconds('restartIntervalMs'))],
  ['maximum-requests', notYet(integer('maximumRequests', 0))],

  // They tune what modhost does in other ways.
  ['cpu-priority', notYet(checkInteger(-20, 20))],
  ['eviction-timeout', notYet(checkInteger(0))],
  ['interrupt-timeout', notYet(checkInteger(0))],
  ['receive-buffer-size', notYet(checkInteger(0))],
  ['send-buffer-size', notYet(checkInteger(0))],
  ['response-buffer-size', notYet(checkInteger(0))],
  ['response-flush-delay', notYet(checkInteger(0))],
  ['response-socket-timeout', notYet(checkInteger(0))],
  ['socket-user', notYet(() => undefined)],

  // They confine or check what runs: starting without them would be unsafe.
  ['chroot', refuse],
  ['script-user', refuse],
  ['script-group', refuse],
  ['cpu-time-limit', refuseUnlessZero],
  ['memory-limit', refuseUnlessZero],
  ['virtual-memory-limit', refuseUnlessZero],

  // They concern an embedded CPython alone.
  ['stack-size', checkNumber],
  ['switch-interval', checkNumber],
  [
    'server-metrics',
    (_, value) => (/^(on|off)$/i.test(value) ? undefined : `must be On or Off, not '${value}'`),
  ],
]);

// ---- single options

function setProcesses(group: ProcessGroupDraft, value: string): string | undefined {
  const count = parseInteger(value, 1, 1000);
  if (count === undefined) return expectInteger(value, 1, 1000);
  group.processes = count;
  group.multiprocess = true;
  return undefined;
}

function setThreads(group: ProcessGroupDraft, value: string): string | undefined {
  const count = parseInteger(value, 0, 10_000);
  if (count === 0) return 'processes that serve no requests (0) are not supported yet; expected 1 or more';
  if (count === undefined) return expectInteger(value, 1, 10_000);
  group.threads = count;
  return undefined;
}

function setHome(group: ProcessGroupDraft, value: string): string | undefined {
  if (!isAbsolute(value)) return `expected an absolute directory, not '${value}'`;
  group.home = value;
  return undefined;
}

function setUser(group: ProcessGroupDraft, value: string): OptionProblem | undefined {
  const id = findUser(value);
  if (id === undefined)
    return noAccount(`there is no user '${value}'; expected the name of an account or #id`);
  if (id === 0) return noAccount('applications must not run as root; expected another user');
  group.user = value;
  return undefined;
}

function setGroup(group: ProcessGroupDraft, value: string): OptionProblem | undefined {
  if (findGroup(value) === undefined)
    return noAccount(`there is no group '${value}'; expected the name of a group or #id`);
  group.group = value;
  return undefined;
}

function setSupplementaryGroups(group: ProcessGroupDraft, value: string): OptionProblem | undefined {
  const names = value.split(',').map((name) => name.trim());
  const unknown = names.find((name) => findGroup(name) === undefined);
  if (unknown !== undefined)
    return noAccount(`there is no group '${unknown}'; expected groups separated by commas`);
  group.supplementaryGroups = names;
  return undefined;
}

function setUmask(group: ProcessGroupDraft, value: string): string | undefined {
  if (!/^0*[0-7]{1,3}$/.test(value)) return `expected an octal number such as 0027, not '${value}'`;
  group.umask = Number.parseInt(value, 8);
  return undefined;
}

function setPythonHome(group: ProcessGroupDraft, value: string, here: Here): string | undefined {
  if (value === '') return 'expected a directory';
  group.pythonHome = resolvePath(here, value);
  return undefined;
}

function setPythonPath(group: ProcessGroupDraft, value: string): string | undefined {
  group.pythonPath = value.split(':').filter((directory) => directory !== '');
  return group.pythonPath.length === 0 ? 'expected directories separated by colons' : undefined;
}

function setSocketTimeout(group: ProcessGroupDraft, value: string, here: Here): OptionProblem | undefined {
  // 0 asks for the server's own Timeout.
  return parseInteger(value) === 0 ? undefined : seconds('socketTimeoutMs')(group, value, here);
}

function setHeaderBufferSize(group: ProcessGroupDraft, value: string): OptionProblem | undefined {
  const bytes = parseInteger(value);
  if (bytes === undefined || (bytes !== 0 && bytes < 8192))
    return `expected 0 or at least 8192 bytes, not '${value}'`;
  group.headerBufferSize = bytes === 0 ? defaultProcessGroup.headerBufferSize : bytes;
  return undefined;
}

// ---- kinds of options

function text(member: TextMember): ApplyOption {
  return (group, value) => {
    if (value === '') return 'expected a value';
    group[member] = value;
    return undefined;
  };
}

function integer(member: NumberMember, minimum: number, maximum = 2 ** 31 - 1): ApplyOption {
  return (group, value) => {
    const number = parseInteger(value, minimum, maximum);
    if (number === undefined) return expectInteger(value, minimum, maximum);
    group[member] = number;
    return undefined;
  };
}

/** Whole seconds, handed on in milliseconds. */
function seconds(member: NumberMember): ApplyOption {
  const maximum = Math.floor(maximumTimerMs / 1000);
  return (group, value) => {
    const number = parseInteger(value, 0, maximum);
    if (number === undefined) return expectInteger(value, 0, maximum);
    group[member] = number * 1000;
    return undefined;
  };
}

function checkInteger(minimum: number, maximum = 2 ** 31 - 1): ApplyOption {
  return (_, value) =>
    parseInteger(value, minimum, maximum) === undefined ? expectInteger(value, minimum, maximum) : undefined;
}

function checkNumber(_: ProcessGroupDraft, value: string): string | undefined {
  return /^\d+(\.\d+)?$/.test(value) ? undefined : `expected a number, not '${value}'`;
}

/** Checked and kept, and said to have no effect so far; 0 asks for nothing. */
function notYet(apply: ApplyOption): ApplyOption {
  return (group, value, here) => {
    if (value === '') return 'expected a value';
    const problem = apply(group, value, here);
    if (problem === undefined && parseInteger(value) !== 0)
      here.warn(`'${value}' is not carried out yet`, { kind: 'argument-no-effect' });
    return problem;
  };
}

function refuse(): OptionProblem {
  return {
    message: 'not supported yet, and applications would be less confined without it',
    kind: 'argument-refused',
  };
}

function refuseUnlessZero(_: ProcessGroupDraft, value: string): OptionProblem | undefined {
  return parseInteger(value) === 0 ? undefined : refuse();
}

function noAccount(message: string): OptionProblem {
  return { message, kind: 'no-such-account' };
}

function expectInteger(value: string, minimum: number, maximum: number): string {
  return `expected a whole number from ${minimum} to ${maximum}, not '${value}'`;
}
