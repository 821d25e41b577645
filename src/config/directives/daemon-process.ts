import { isAbsolute } from 'node:path';
import { findGroup, findUser } from '../accounts.js';
import type { Here, Mutable } from '../draft.js';
import type { ProcessGroup } from '../model.js';
import { suggestNearest } from '../nearest-name.js';
import { parseOptions } from '../options.js';
import { maximumTimerMs, parseInteger, resolvePath } from '../values.js';
import { takeWord } from '../words.js';

type Draft = Mutable<ProcessGroup>;

/** Puts one option into the group, or says what was expected. */
type ApplyOption = (group: Draft, value: string, here: Here) => string | undefined;

/** WSGIDaemonProcess: the last of several options of one name counts. */
export function addDaemonProcess(here: Here, text: string): void {
  const { word: name, rest } = takeWord(text);
  if (name === '') {
    here.fail('expected the name of the process group');
    return;
  }
  if (!checkName(here, name)) return;
  const parsed = parseOptions(rest);
  if (parsed.kind === 'wrong') here.fail(`expected option=value, not '${parsed.word}'`);
  const group: Draft = { name, position: here.place.position, virtualHostId: here.server.id, ...defaults };
  for (const [option, value] of parsed.kind === 'options' ? parsed.options : []) {
    const apply = options.get(option);
    const inOption = { ...here, warn: (message: string) => here.warn(`${option}: ${message}`) };
    const problem = apply === undefined ? describeUnknown(option) : apply(group, value, inOption);
    if (problem !== undefined) here.fail(apply === undefined ? problem : `${option}: ${problem}`);
  }
  // Also with a mistake in it: who names the group is not wrong.
  here.draft.processGroups.push(group);
}

function checkName(here: Here, name: string): boolean {
  const twin = here.draft.processGroups.find((group) => group.name === name);
  if (twin !== undefined) {
    here.fail(
      `the process group '${name}' is already declared in ${twin.position.file}:${twin.position.line}; expected each name once`,
    );
    return false;
  }
  // The name becomes part of a file name, and `%{…}` has a meaning where groups are chosen.
  if (name.startsWith('%{') || /[/\x00-\x1f]/.test(name)) {
    here.fail(`expected a name without '/', not '${name}'`);
    return false;
  }
  return true;
}

function describeUnknown(option: string): string {
  return `there is no option '${option}'${suggestNearest(option, options.keys())}`;
}

const defaults = {
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

/** Every option of mod_wsgi 6. */
const options: ReadonlyMap<string, ApplyOption> = new Map<string, ApplyOption>([
  [
    'processes',
    integer(1, 1000, (group, count) => {
      group.processes = count;
      group.multiprocess = true;
    }),
  ],
  [
    'threads',
    (group, value) => {
      const count = parseInteger(value, 0, 10_000);
      if (count === undefined) return expectedInteger(1, 10_000, value);
      if (count === 0)
        return 'processes without request threads (threads=0) are not supported yet; expected 1 or more';
      group.threads = count;
      return undefined;
    },
  ],
  [
    'display-name',
    text((group, value) => {
      group.displayName = value;
    }),
  ],
  [
    'home',
    (group, value) => {
      if (!isAbsolute(value)) return `expected an absolute directory, not '${value}'`;
      group.home = value;
      return undefined;
    },
  ],
  [
    'user',
    (group, value) => {
      const id = findUser(value);
      if (id === undefined) return `there is no user '${value}'; expected the name of an account or #id`;
      if (id === 0) return 'applications must not run as root; expected another user';
      group.user = value;
      return undefined;
    },
  ],
  [
    'group',
    (group, value) => {
      if (findGroup(value) === undefined)
        return `there is no group '${value}'; expected the name of a group or #id`;
      group.group = value;
      return undefined;
    },
  ],
  [
    'supplementary-groups',
    (group, value) => {
      const names = value.split(',').map((name) => name.trim());
      const unknown = names.find((name) => findGroup(name) === undefined);
      if (unknown !== undefined)
        return `there is no group '${unknown}'; expected names of groups, separated by commas`;
      group.supplementaryGroups = names;
      return undefined;
    },
  ],
  [
    'umask',
    (group, value) => {
      if (!/^[0-7]{1,4}$/.test(value)) return `expected an octal number such as 0027, not '${value}'`;
      group.umask = Number.parseInt(value, 8);
      return undefined;
    },
  ],
  [
    'lang',
    text((group, value) => {
      group.lang = value;
    }),
  ],
  [
    'locale',
    text((group, value) => {
      group.locale = value;
    }),
  ],
  [
    'python-home',
    (group, value, here) => {
      if (value === '') return 'expected a directory';
      group.pythonHome = resolvePath(here, value);
      return undefined;
    },
  ],
  [
    'python-path',
    text((group, value) => {
      group.pythonPath = value.split(':').filter((directory) => directory !== '');
    }),
  ],
  [
    'python-eggs',
    text((group, value) => {
      group.pythonEggs = value;
    }),
  ],
  [
    'listen-backlog',
    integer(1, 65_535, (group, count) => {
      group.listenBacklog = count;
    }),
  ],
  [
    'connect-timeout',
    seconds((group, time) => {
      group.connectTimeoutMs = time;
    }),
  ],
  [
    'socket-timeout',
    seconds((group, time) => {
      // 0 asks for the server's own Timeout.
      if (time > 0) group.socketTimeoutMs = time;
    }),
  ],
  [
    'queue-timeout',
    seconds((group, time) => {
      group.queueTimeoutMs = time;
    }),
  ],
  [
    'request-timeout',
    seconds((group, time) => {
      group.requestTimeoutMs = time;
    }),
  ],
  [
    'startup-timeout',
    seconds((group, time) => {
      group.startupTimeoutMs = time;
    }),
  ],
  [
    'graceful-timeout',
    seconds((group, time) => {
      group.gracefulTimeoutMs = time;
    }),
  ],
  [
    'shutdown-timeout',
    seconds((group, time) => {
      group.shutdownTimeoutMs = time;
    }),
  ],
  [
    'deadlock-timeout',
    seconds((group, time) => {
      group.deadlockTimeoutMs = time;
    }),
  ],
  [
    'inactivity-timeout',
    seconds((group, time) => {
      group.inactivityTimeoutMs = time;
    }),
  ],
  [
    'restart-interval',
    seconds((group, time) => {
      group.restartIntervalMs = time;
    }),
  ],
  [
    'maximum-requests',
    integer(0, 2 ** 31 - 1, (group, count) => {
      group.maximumRequests = count;
    }),
  ],
  [
    'header-buffer-size',
    (group, value) => {
      const bytes = parseInteger(value);
      if (bytes === undefined || (bytes !== 0 && bytes < 8192))
        return `expected 0 or at least 8192 bytes, not '${value}'`;
      group.headerBufferSize = bytes === 0 ? defaults.headerBufferSize : bytes;
      return undefined;
    },
  ],
  // They confine or check what runs: starting without them would be unsafe.
  ['chroot', refused],
  ['script-user', refused],
  ['script-group', refused],
  ['cpu-time-limit', refusedUnlessZero],
  ['memory-limit', refusedUnlessZero],
  ['virtual-memory-limit', refusedUnlessZero],
  // They tune what modhost does in other ways.
  ['cpu-priority', ignoredInteger(-20, 20)],
  ['eviction-timeout', ignoredInteger(0)],
  ['interrupt-timeout', ignoredInteger(0)],
  ['receive-buffer-size', ignoredInteger(0)],
  ['send-buffer-size', ignoredInteger(0)],
  ['response-buffer-size', ignoredInteger(0)],
  ['response-flush-delay', ignoredInteger(0)],
  ['response-socket-timeout', ignoredInteger(0)],
  ['socket-user', ignored],
  // They concern an embedded CPython alone.
  ['stack-size', acceptedNumber],
  ['switch-interval', acceptedNumber],
  [
    'server-metrics',
    (_, value) => (/^(on|off)$/i.test(value) ? undefined : `must be On or Off, not '${value}'`),
  ],
]);

function text(apply: (group: Draft, value: string) => void): ApplyOption {
  return (group, value) => {
    if (value === '') return 'expected a value';
    apply(group, value);
    return undefined;
  };
}

function integer(
  minimum: number,
  maximum: number,
  apply: (group: Draft, value: number) => void,
): ApplyOption {
  return (group, value) => {
    const number = parseInteger(value, minimum, maximum);
    if (number === undefined) return expectedInteger(minimum, maximum, value);
    apply(group, number);
    return undefined;
  };
}

/** Whole seconds, handed on in milliseconds. */
function seconds(apply: (group: Draft, timeMs: number) => void): ApplyOption {
  return integer(0, Math.floor(maximumTimerMs / 1000), (group, value) => apply(group, value * 1000));
}

function expectedInteger(minimum: number, maximum: number, value: string): string {
  return `expected a whole number from ${minimum} to ${maximum}, not '${value}'`;
}

function refused(): string {
  return 'not supported yet, and applications would be less confined without it';
}

function refusedUnlessZero(_: Draft, value: string): string | undefined {
  return parseInteger(value) === 0 ? undefined : refused();
}

function ignored(_: Draft, value: string, here: Here): string | undefined {
  if (value === '') return 'expected a value';
  warnOfOption(here, value);
  return undefined;
}

function ignoredInteger(minimum: number, maximum = 2 ** 31 - 1): ApplyOption {
  return (_, value, here) => {
    const number = parseInteger(value, minimum, maximum);
    if (number === undefined) return expectedInteger(minimum, maximum, value);
    if (number !== 0) warnOfOption(here, value);
    return undefined;
  };
}

function acceptedNumber(_: Draft, value: string): string | undefined {
  return /^\d+(\.\d+)?$/.test(value) ? undefined : `expected a number, not '${value}'`;
}

function warnOfOption(here: Here, value: string): void {
  here.warn(`'${value}' is not carried out yet`);
}
