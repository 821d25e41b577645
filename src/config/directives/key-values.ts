import type { Here } from '../draft.js';
import { findNearest } from '../nearest-name.js';
import { parseDuration } from '../values.js';

/** What one parameter says; undefined: it is noted. A text: what was expected. */
export type ReadValue<Draft> = (
  draft: Draft,
  value: string,
  here: Here,
) => string | undefined | { readonly refused: string };

/** The parameters that something has. */
export interface ParameterKinds<Draft> {
  /** As httpd calls it. */
  readonly of: 'Worker' | 'Balancer' | 'hcheck';
  readonly readers: Readonly<Record<string, ReadValue<Draft>>>;
  /** What makes no difference here, and how it looks. */
  readonly accepted: Readonly<Record<string, RegExp>>;
  /** Known to httpd, and missed here: why. */
  readonly refused: Readonly<Record<string, string>>;
}

/** Notes each `key=value`; reports what is wrong with it. */
export function takeKeyValues<Draft>(
  here: Here,
  draft: Draft,
  words: readonly string[],
  kinds: ParameterKinds<Draft>,
): void {
  for (const word of words) takeKeyValue(here, draft, word, kinds);
}

function takeKeyValue<Draft>(
  here: Here,
  draft: Draft,
  word: string,
  { of, readers, accepted, refused }: ParameterKinds<Draft>,
): void {
  const equals = word.indexOf('=');
  const written = equals < 0 ? word : word.slice(0, equals);
  const name = written.toLowerCase();
  const value = equals < 0 ? '' : word.slice(equals + 1);
  const why = Object.hasOwn(refused, name) ? refused[name] : undefined;
  if (why !== undefined) {
    here.fail(`${written} is not supported yet: ${why}`, { kind: 'argument-refused', at: { word } });
    return;
  }
  if (equals < 0) {
    here.fail(`expected parameters in the form 'key=value', not '${word}'`, { at: { word } });
    return;
  }
  const reader = Object.hasOwn(readers, name) ? readers[name] : undefined;
  const shape = Object.hasOwn(accepted, name) ? accepted[name] : undefined;
  if (reader === undefined && shape === undefined) {
    const known = [...Object.keys(readers), ...Object.keys(accepted)];
    here.fail(`unknown ${of} parameter '${written}'`, {
      at: { word: written },
      suggestion: findNearest(name, known),
    });
    return;
  }
  const outcome =
    reader?.(draft, value, here) ?? (shape?.test(value) === false ? 'another value' : undefined);
  if (typeof outcome === 'object')
    here.fail(`${word} is not supported: ${outcome.refused}`, { kind: 'argument-refused', at: { word } });
  else if (outcome !== undefined)
    here.fail(`expected ${outcome} for ${written}, not '${value}'`, { at: { word } });
}

/** A number without a unit counts in `unit`. */
export function takeTime<Draft>(
  set: (draft: Draft, milliseconds: number) => void,
  unit: 's' | 'ms',
  least = 1,
): ReadValue<Draft> {
  return (draft, value) => {
    const time = parseDuration(/^\d+$/.test(value) ? `${value}${unit}` : value);
    if (time === undefined || time < least) return `a time, at least ${least} ${least === 1 ? unit : 'ms'}`;
    set(draft, time);
    return undefined;
  };
}

/** On or Off. */
export function takeSwitch<Draft>(set: (draft: Draft, isOn: boolean) => void): ReadValue<Draft> {
  return (draft, value) => {
    if (!/^(on|off)$/i.test(value)) return 'On or Off';
    set(draft, value.toLowerCase() === 'on');
    return undefined;
  };
}
