import type { Here, Mutable } from '../draft.js';
import type { BalancerMember, MemberFlag, ProxyParameters } from '../model.js';
import { parseInteger } from '../values.js';
import { type HealthDraft, healthReaders, settleHealthCheck } from './health-parameters.js';
import { type ParameterKinds, type ReadValue, takeKeyValues, takeTime } from './key-values.js';
import { acceptedOfConnections, connectionReaders, refusedOfConnections } from './proxy-parameters.js';

/** What BalancerMember says besides who the member is. */
export type MemberSettings = Omit<BalancerMember, 'target' | 'position'> & {
  readonly parameters: ProxyParameters;
};

interface Draft {
  readonly parameters: Mutable<ProxyParameters>;
  readonly check: HealthDraft;
  readonly flags: Set<MemberFlag>;
  loadFactor: number;
  set: number;
  route?: string;
  redirect?: string;
  retryMs: number;
}

const flagLetters: Readonly<Record<string, MemberFlag>> = {
  C: 'unwell',
  D: 'disabled',
  E: 'in-error',
  H: 'standby',
  I: 'ignores-errors',
  N: 'drained',
  R: 'spare',
  S: 'stopped',
};

const kinds: ParameterKinds<Draft> = {
  of: 'Worker',
  readers: {
    ...within(connectionReaders, ({ parameters }) => parameters),
    ...within(healthReaders, ({ check }) => check),
    loadfactor: (draft, value) => {
      const factor = /^\d+(\.\d+)?$/.test(value) ? Number(value) : Number.NaN;
      if (!(factor >= 1 && factor <= 100)) return 'a number from 1 to 100';
      // httpd counts in hundredths, too.
      draft.loadFactor = Math.trunc(factor * 100 + 1e-6);
      return undefined;
    },
    lbset: (draft, value) => {
      const set = parseInteger(value, 0, 99);
      if (set === undefined) return 'a number from 0 to 99';
      draft.set = set;
      return undefined;
    },
    route: takeRoute((draft, route) => {
      draft.route = route;
    }),
    redirect: takeRoute((draft, route) => {
      draft.redirect = route;
    }),
    status: takeStatus,
    retry: takeTime(
      (draft, time) => {
        draft.retryMs = time;
      },
      's',
      0,
    ),
  },
  accepted: acceptedOfConnections,
  refused: refusedOfConnections,
};

/** Reads `key=value` of a member; reports what is wrong with each. */
export function takeMemberParameters(here: Here, words: readonly string[]): MemberSettings {
  const draft: Draft = {
    parameters: {},
    check: {},
    flags: new Set(),
    loadFactor: 100,
    set: 0,
    retryMs: 60_000,
  };
  takeKeyValues(here, draft, words, kinds);
  const { check: said, ...settings } = draft;
  const check = settleHealthCheck(said);
  return check === undefined ? settings : { ...settings, check };
}

/** `+H`, `-D`, `+H-D`: letters are set until a minus, and taken back behind it. */
function takeStatus({ flags }: Draft, value: string): string | undefined {
  let isSet = true;
  for (const letter of value.toUpperCase()) {
    const flag = flagLetters[letter];
    if (letter === '+' || letter === '-') isSet = letter === '+';
    else if (flag === undefined) return `letters of ${Object.keys(flagLetters).join(', ')} behind + or -`;
    else if (isSet) flags.add(flag);
    else flags.delete(flag);
  }
  return undefined;
}

function takeRoute(set: (draft: Draft, route: string) => void): ReadValue<Draft> {
  return (draft, value) => {
    if (value === '' || Buffer.byteLength(value) > 63) return 'a name of at most 63 bytes';
    set(draft, value);
    return undefined;
  };
}

/** The readers of a part, for the whole. */
function within<Whole, Part>(
  readers: Readonly<Record<string, ReadValue<Part>>>,
  pick: (whole: Whole) => Part,
): Record<string, ReadValue<Whole>> {
  return Object.fromEntries(
    Object.entries(readers).map(([name, read]) => [
      name,
      (draft: Whole, value: string, here: Here) => read(pick(draft), value, here),
    ]),
  );
}
