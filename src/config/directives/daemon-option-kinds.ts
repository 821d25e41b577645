import { findUser } from '../accounts.js';
import type { Here, Mutable } from '../draft.js';
import type { MistakeKind } from '../mistake-codes.js';
import type { ProcessGroup } from '../model.js';
import { maximumTimerMs, parseInteger } from '../values.js';

/** A process group to which options are still being added. */
export type ProcessGroupDraft = Mutable<ProcessGroup>;

/** Puts the value of one option into the group, or says what was expected. */
export type ApplyOption = (group: ProcessGroupDraft, value: string, here: Here) => OptionProblem | undefined;

/** What was expected; a text alone is about the value. */
export type OptionProblem = string | { readonly message: string; readonly kind: MistakeKind };

type NumberMember =
  | 'threads'
  | 'listenBacklog'
  | 'maximumRequests'
  | 'maximumRequestsJitter'
  | 'memoryRecycle'
  | 'cpuPriority'
  | 'cpuTimeLimit'
  | 'memoryLimit'
  | 'virtualMemoryLimit'
  | 'stackSize'
  | (`${string}Ms` & keyof ProcessGroup);
type TextMember = 'displayName' | 'lang' | 'locale' | 'pythonEggs' | 'node';

/** Bytes; beyond this, numbers of JavaScript are not exact. */
const mostBytes = Number.MAX_SAFE_INTEGER;

export function text(member: TextMember): ApplyOption {
  return (group, value) => {
    if (value === '') return 'expected a value';
    group[member] = value;
    return undefined;
  };
}

export function integer(member: NumberMember, minimum: number, maximum = 2 ** 31 - 1): ApplyOption {
  return (group, value) => {
    const number = parseInteger(value, minimum, maximum);
    if (number === undefined) return expectInteger(value, minimum, maximum);
    group[member] = number;
    return undefined;
  };
}

/** Whole seconds, handed on in milliseconds. */
export function seconds(member: NumberMember): ApplyOption {
  const maximum = Math.floor(maximumTimerMs / 1000);
  return (group, value) => {
    const number = parseInteger(value, 0, maximum);
    if (number === undefined) return expectInteger(value, 0, maximum);
    group[member] = number * 1000;
    return undefined;
  };
}

/** As mod_wsgi counts them: plain numbers; K, M and G behind them are ours. */
export function bytes(member: NumberMember): ApplyOption {
  return (group, value) => {
    const [, digits = '', unit = ''] = /^(\d{1,15})([KMG]?)$/i.exec(value) ?? [];
    const size = Number(digits) * 1024 ** ' KMG'.indexOf(unit.toUpperCase() || ' ');
    if (digits === '' || size > mostBytes) return `expected bytes, such as 268435456 or 256M, not '${value}'`;
    group[member] = size;
    return undefined;
  };
}

export function checkInteger(minimum: number, maximum = 2 ** 31 - 1): ApplyOption {
  return (_, value) =>
    parseInteger(value, minimum, maximum) === undefined ? expectInteger(value, minimum, maximum) : undefined;
}

export function checkSwitch(_: ProcessGroupDraft, value: string): string | undefined {
  return /^(on|off)$/i.test(value) ? undefined : `expected On or Off, not '${value}'`;
}

export function checkUser(_: ProcessGroupDraft, value: string): OptionProblem | undefined {
  return findUser(value) === undefined ? noAccount(`there is no user '${value}'`) : undefined;
}

/** Checked, and said to have no effect; 0 and Off ask for nothing. */
export function noEffect(check: ApplyOption): ApplyOption {
  return (group, value, here) => {
    if (value === '') return 'expected a value';
    const problem = check(group, value, here);
    if (problem === undefined && !/^(0+|off)$/i.test(value))
      here.warn(`'${value}' has no effect here`, { kind: 'argument-no-effect' });
    return problem;
  };
}

/** 0 asks for what there would be without the option. */
export function unlessZero(apply: ApplyOption): ApplyOption {
  return (group, value, here) => (parseInteger(value) === 0 ? undefined : apply(group, value, here));
}

export function noAccount(message: string): OptionProblem {
  return { message, kind: 'no-such-account' };
}

export function expectInteger(value: string, minimum: number, maximum: number): string {
  return `expected a whole number from ${minimum} to ${maximum}, not '${value}'`;
}
