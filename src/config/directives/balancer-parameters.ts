import type { Here, Mutable } from '../draft.js';
import type { BalancerParameters } from '../model.js';
import { parseInteger } from '../values.js';
import { type ParameterKinds, takeKeyValues, takeSwitch, takeTime } from './key-values.js';

type Draft = Mutable<BalancerParameters>;

const kinds: ParameterKinds<Draft> = {
  of: 'Balancer',
  readers: {
    lbmethod: (draft, value) => {
      if (value === 'heartbeat') return { refused: 'nobody here listens to the heartbeats of servers' };
      if (value !== 'byrequests' && value !== 'bybusyness' && value !== 'bytraffic')
        return 'byrequests, bybusyness or bytraffic';
      draft.method = value;
      return undefined;
    },
    stickysession: (draft, value) => {
      const [cookie = '', parameter = cookie] = value.split('|');
      if (cookie === '' || parameter === '') return 'the name of a cookie, or cookie|parameter';
      draft.cookie = cookie;
      draft.parameter = parameter;
      return undefined;
    },
    stickysessionsep: (draft, value) => {
      if (!/^(off|.)$/i.test(value)) return 'one character, or Off';
      draft.separator = value.length === 1 ? value : '';
      return undefined;
    },
    scolonpathdelim: takeSwitch((draft, isOn) => {
      draft.semicolonEnds = isOn;
    }),
    nofailover: takeSwitch((draft, isOn) => {
      draft.noFailover = isOn;
    }),
    forcerecovery: takeSwitch((draft, isOn) => {
      draft.forcesRecovery = isOn;
    }),
    failontimeout: takeSwitch((draft, isOn) => {
      draft.failOnTimeout = isOn;
    }),
    failonstatus: (draft, value) => {
      const statuses = value === '' ? [] : value.split(',').map((word) => parseInteger(word, 100, 599));
      const known = statuses.flatMap((status) => status ?? []);
      if (known.length < statuses.length) return 'statuses from 100 to 599, with commas between them';
      draft.failOnStatus = known;
      return undefined;
    },
    maxattempts: (draft, value) => {
      const attempts = parseInteger(value);
      if (attempts === undefined) return 'a number of attempts';
      draft.maxAttempts = attempts;
      return undefined;
    },
    timeout: takeTime((draft, time) => {
      draft.waitMs = time;
    }, 's'),
  },
  // For the balancer-manager, which is not there.
  accepted: { growth: /^([1-9]\d?|100)$/, nonce: /^.+$/ },
  refused: {},
};

/** Reads `key=value` of a balancer; reports what is wrong with each. */
export function takeBalancerParameters(here: Here, words: readonly string[]): BalancerParameters {
  const draft: Draft = {};
  takeKeyValues(here, draft, words, kinds);
  return draft;
}
