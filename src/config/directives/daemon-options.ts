import { readFileSync } from 'node:fs';
import { isAbsolute } from 'node:path';
import { dropTrailingSlashes } from '../../http/index.js';
import { findGroup, findUser } from '../accounts.js';
import type { Here } from '../draft.js';
import type { ProcessGroup } from '../model.js';
import { statPath } from '../stat-path.js';
import { parseInteger, resolvePath } from '../values.js';
import {
  type ApplyOption,
  bytes,
  checkInteger,
  checkSwitch,
  checkUser,
  expectInteger,
  integer,
  noAccount,
  noEffect,
  type OptionProblem,
  type ProcessGroupDraft,
  seconds,
  text,
  unlessZero,
} from './daemon-option-kinds.js';

/** What a process group is when nothing is said about it. */
export const defaultProcessGroup = {
  processes: 1,
  multiprocess: false,
  environment: {},
  pythonPath: [],
  nodeOptions: [],
  listenBacklog: 100,
  connectTimeoutMs: 15_000,
  queueTimeoutMs: 0,
  requestTimeoutMs: 0,
  interruptTimeoutMs: 0,
  startupTimeoutMs: 0,
  gracefulTimeoutMs: 15_000,
  evictionTimeoutMs: 0,
  shutdownTimeoutMs: 5_000,
  deadlockTimeoutMs: 300_000,
  inactivityTimeoutMs: 0,
  restartIntervalMs: 0,
  maximumRequests: 0,
  maximumRequestsJitter: 0,
  memoryRecycle: 0,
  headerBufferSize: 32_768,
} as const satisfies Partial<ProcessGroup>;

/** Every option of mod_wsgi 6 by its name, and those of our own. */
export const daemonOptions: ReadonlyMap<string, ApplyOption> = new Map<string, ApplyOption>([
  ['processes', setProcesses],
  ['threads', integer('threads', 0, 10_000)],
  ['min-processes', setMinProcesses],
  ['health-path', setHealthPath],
  ['display-name', text('displayName')],
  ['home', setHome],
  ['chroot', setChroot],
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
  ['websocket-drain-timeout', seconds('webSocketDrainTimeoutMs')],
  ['shutdown-timeout', seconds('shutdownTimeoutMs')],
  ['header-buffer-size', setHeaderBufferSize],

  ['response-socket-timeout', unlessZero(seconds('responseSocketTimeoutMs'))],

  ['request-timeout', seconds('requestTimeoutMs')],
  ['interrupt-timeout', seconds('interruptTimeoutMs')],
  ['startup-timeout', seconds('startupTimeoutMs')],
  ['eviction-timeout', seconds('evictionTimeoutMs')],
  ['deadlock-timeout', seconds('deadlockTimeoutMs')],
  ['inactivity-timeout', seconds('inactivityTimeoutMs')],
  ['restart-interval', seconds('restartIntervalMs')],
  ['maximum-requests', integer('maximumRequests', 0)],
  ['maximum-requests-jitter', integer('maximumRequestsJitter', 0)],
  ['memory-recycle', bytes('memoryRecycle')],

  ['cpu-priority', integer('cpuPriority', -20, 20)],
  ['cpu-time-limit', unlessZero(integer('cpuTimeLimit', 1))],
  ['memory-limit', unlessZero(bytes('memoryLimit'))],
  ['virtual-memory-limit', unlessZero(bytes('virtualMemoryLimit'))],
  ['stack-size', unlessZero(setStackSize)],
  ['switch-interval', setSwitchInterval],

  ['script-user', setScriptOwner('user')],
  ['script-group', setScriptOwner('group')],
  ['env', addVariable],
  ['env-file', addVariablesOfFile],
  ['node', setNode],
  ['node-options', setNodeOptions],

  // They tune what modhost does in other ways.
  ['receive-buffer-size', noEffect(checkInteger(0))],
  ['send-buffer-size', noEffect(checkInteger(0))],
  ['response-buffer-size', noEffect(checkInteger(0))],
  ['response-flush-delay', noEffect(checkInteger(0))],
  ['socket-user', noEffect(checkUser)],
  ['server-metrics', noEffect(checkSwitch)],
]);

// ---- single options

function setProcesses(group: ProcessGroupDraft, value: string): string | undefined {
  const count = parseInteger(value, 1, 1000);
  if (count === undefined) return expectInteger(value, 1, 1000);
  group.processes = count;
  group.multiprocess = true;
  return undefined;
}

function setMinProcesses(group: ProcessGroupDraft, value: string): string | undefined {
  if (parseInteger(value) !== 0)
    return `expected 0, for processes that are started when they are needed, not '${value}'`;
  group.minProcesses = 0;
  return undefined;
}

function setHealthPath(group: ProcessGroupDraft, value: string): string | undefined {
  if (!/^\/[^?#\s]*$/.test(value)) return `expected a URL path such as /health, not '${value}'`;
  group.healthPath = value;
  return undefined;
}

function setHome(group: ProcessGroupDraft, value: string): string | undefined {
  if (!isAbsolute(value)) return `expected an absolute directory, not '${value}'`;
  group.home = value;
  return undefined;
}

function setChroot(group: ProcessGroupDraft, value: string): string | undefined {
  const folder = dropTrailingSlashes(value);
  if (!/^\/(?!.*\/\.{0,2}(\/|$))/.test(folder))
    return `expected an absolute directory other than /, without '..', not '${value}'`;
  if (!statPath(folder)?.isDirectory()) return `expected a directory, and there is none: '${value}'`;
  group.chroot = folder;
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

/** Python refuses to start threads with less. */
const smallestStack = 32_768;

function setStackSize(group: ProcessGroupDraft, value: string, here: Here): OptionProblem | undefined {
  const problem = bytes('stackSize')(group, value, here);
  if (problem !== undefined || (group.stackSize ?? 0) >= smallestStack) return problem;
  return `expected at least ${smallestStack} bytes, which is the least that Python takes, not '${value}'`;
}

function setSwitchInterval(group: ProcessGroupDraft, value: string): string | undefined {
  const number = /^\d+(\.\d+)?$/.test(value) ? Number(value) : 0;
  if (number === 0) return `expected a number of seconds above 0, not '${value}'`;
  group.switchInterval = number;
  return undefined;
}

function setScriptOwner(kind: 'user' | 'group'): ApplyOption {
  return (group, value) => {
    const id = kind === 'user' ? findUser(value) : findGroup(value);
    if (id === undefined) return noAccount(`there is no ${kind} '${value}'`);
    if (group.scriptOwner !== undefined && group.scriptOwner.kind !== kind)
      return 'expected script-user or script-group, not both';
    group.scriptOwner = { kind, id, name: value };
    return undefined;
  };
}

function setNode(group: ProcessGroupDraft, value: string): string | undefined {
  if (value === '') return 'expected a program, such as /usr/bin/node or node';
  group.node = value;
  return undefined;
}

function setNodeOptions(group: ProcessGroupDraft, value: string): string | undefined {
  const words = value.split(/\s+/).filter((word) => word !== '');
  const odd = words.find((word) => !word.startsWith('-'));
  if (words.length === 0 || odd !== undefined)
    return `expected options such as --max-old-space-size=512, not '${odd ?? value}'`;
  group.nodeOptions = words;
  return undefined;
}

/** env=NAME=value, as often as there are variables. */
function addVariable(group: ProcessGroupDraft, value: string): string | undefined {
  const variable = readVariable(value);
  // What was written may be a secret.
  if (variable === undefined) return 'expected NAME=value, the name of letters, digits and _';
  group.environment = { ...group.environment, ...variable };
  return undefined;
}

/** One NAME=value a line, with blank lines and comments between them. */
function addVariablesOfFile(group: ProcessGroupDraft, value: string, here: Here): OptionProblem | undefined {
  const path = resolvePath(here, value);
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    return `cannot read ${path} (${(error as NodeJS.ErrnoException).code ?? 'unknown error'})`;
  }
  const found: Record<string, string> = {};
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    const words = line.trim().replace(/^export\s+/, '');
    if (words === '' || words.startsWith('#')) continue;
    const variable = readVariable(words);
    // The line itself may hold a secret.
    if (variable === undefined) return `expected NAME=value in line ${index + 1} of ${path}`;
    Object.assign(found, variable);
  }
  group.environment = { ...group.environment, ...found };
  return undefined;
}

/** A value may stand in quotes of either kind. */
function readVariable(text: string): Record<string, string> | undefined {
  const found = /^([A-Za-z_][A-Za-z0-9_]*)=(.*)$/s.exec(text);
  if (found === null) return undefined;
  const [, name = '', value = ''] = found;
  const quoted = /^(["'])(.*)\1$/s.exec(value);
  const plain = quoted?.[2] ?? value;
  return plain.includes('\0') ? undefined : { [name]: plain };
}

function setHeaderBufferSize(group: ProcessGroupDraft, value: string): OptionProblem | undefined {
  const bytes = parseInteger(value);
  if (bytes === undefined || (bytes !== 0 && bytes < 8192))
    return `expected 0 or at least 8192 bytes, not '${value}'`;
  group.headerBufferSize = bytes === 0 ? defaultProcessGroup.headerBufferSize : bytes;
  return undefined;
}
