import type { Here, Mutable } from '../draft.js';
import type { HealthCheck, HealthCondition } from '../model.js';
import { parseInteger } from '../values.js';
import { type ParameterKinds, type ReadValue, takeKeyValues, takeTime } from './key-values.js';

/** What has been said of the checks of one member. `isOff`: hcmethod=none. */
export type HealthDraft = Mutable<Partial<HealthCheck>> & { isOff?: boolean };

const methods = /^(TCP|(OPTIONS|HEAD|GET)(11)?)$/;

/** The parameters of checks, for BalancerMember and ProxyHCTemplate. */
export const healthReaders: Readonly<Record<string, ReadValue<HealthDraft>>> = {
  hcmethod: (draft, value) => {
    const name = value.toUpperCase();
    if (name === 'CPING' || name === 'PROVIDER') return { refused: 'httpd has it in name only' };
    draft.isOff = name === 'NONE';
    if (draft.isOff) return undefined;
    const [, whole, plain, suffix] = methods.exec(name) ?? [];
    if (whole === undefined) return 'None, TCP, OPTIONS, HEAD, GET, OPTIONS11, HEAD11 or GET11';
    draft.method = (plain ?? 'TCP') as HealthCheck['method'];
    draft.httpVersion = suffix === undefined ? '1.0' : '1.1';
    return undefined;
  },
  hcuri: (draft, value) => {
    if (!/^[\x21-\x7e]*$/.test(value)) return 'a path in ASCII, without blanks';
    draft.uri = value;
    return undefined;
  },
  hcinterval: takeTime(
    (draft, time) => {
      draft.intervalMs = time;
    },
    's',
    100,
  ),
  hcpasses: takeCount((draft, count) => {
    draft.passes = count;
  }),
  hcfails: takeCount((draft, count) => {
    draft.fails = count;
  }),
  hcexpr: (draft, name, here) => {
    const condition = findHealthCondition(here, name);
    if (condition === undefined) return 'the name of a ProxyHCExpr above';
    draft.condition = condition;
    return undefined;
  },
  hctemplate: (draft, name, here) => {
    const template = here.server.healthTemplates.get(name) ?? here.draft.mainServer.healthTemplates.get(name);
    if (template === undefined) return 'the name of a ProxyHCTemplate above';
    Object.assign(draft, template);
    return undefined;
  },
};

const templateKinds: ParameterKinds<HealthDraft> = {
  of: 'hcheck',
  readers: healthReaders,
  accepted: {},
  refused: {},
};

/** Reads `key=value` of a template; reports what is wrong with each. */
export function takeHealthParameters(here: Here, words: readonly string[]): HealthDraft {
  const draft: HealthDraft = {};
  takeKeyValues(here, draft, words, templateKinds);
  return draft;
}

/** With httpd's defaults; undefined: nobody checks. */
export function settleHealthCheck(draft: HealthDraft): HealthCheck | undefined {
  const { isOff, method, condition } = draft;
  if (isOff === true || method === undefined) return undefined;
  return {
    method,
    httpVersion: draft.httpVersion ?? '1.0',
    uri: draft.uri ?? '',
    intervalMs: draft.intervalMs ?? 30_000,
    passes: draft.passes ?? 1,
    fails: draft.fails ?? 1,
    ...(condition === undefined ? {} : { condition }),
  };
}

function findHealthCondition({ server, draft }: Here, name: string): HealthCondition | undefined {
  return server.healthConditions.get(name) ?? draft.mainServer.healthConditions.get(name);
}

/** 0 is as good as 1 (as httpd). */
function takeCount(set: (draft: HealthDraft, count: number) => void): ReadValue<HealthDraft> {
  return (draft, value) => {
    const count = parseInteger(value);
    if (count === undefined) return 'a number of checks';
    set(draft, Math.max(1, count));
    return undefined;
  };
}
