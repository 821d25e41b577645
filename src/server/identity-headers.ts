import type { DirectorySettings, HeaderRule, Section, ServerConfig } from '../config/model.js';
import { readsVariable } from '../expressions/index.js';
import { type HeaderList, rememberTexts } from '../http/index.js';

/**
 * The fields of a request without those by which a client could pass for somebody:
 * `Remote-User`, which no client has a reason to send; every field that some RequestHeader of the site file makes of REMOTE_USER; and
 * of the other fields that a rule here names, those that differ from the name only in `-`, `_` and their like, since many applications
 * do not tell them apart.
 */
export function withoutForgedHeaders(
  headers: HeaderList,
  config: ServerConfig,
  rules: readonly HeaderRule[],
): HeaderList {
  const identity = identityOf(config);
  const ruled = rules.length === 0 ? undefined : namesByLikeness(rules);
  const isForged = (field: string) => {
    const key = alike(field);
    if (identity.has(key)) return true;
    const name = ruled?.get(key);
    return name !== undefined && field.toLowerCase() !== name.toLowerCase();
  };
  for (let at = 0; at < headers.length; at += 2) {
    if (isForged(headers[at] as string))
      return headers.filter((_, place) => !isForged(headers[place - (place % 2)] as string));
  }
  return headers;
}

/** What the fields that rules name look like → the one that is meant; '' where none is. */
function namesByLikeness(rules: readonly HeaderRule[]): ReadonlyMap<string, string> {
  const known = namesOfRules.get(rules);
  if (known !== undefined) return known;
  const names = new Map(rules.flatMap((rule) => namesOf(rule).map((name) => [alike(name), name] as const)));
  for (const rule of rules)
    if (makesIdentity(rule)) for (const name of namesOf(rule)) names.set(alike(name), '');
  namesOfRules.set(rules, names);
  return names;
}

/** Merged settings, and so the rules in them, are few and keep their identity. */
const namesOfRules = new WeakMap<readonly HeaderRule[], ReadonlyMap<string, string>>();

/** As applications compare names that became variables. */
const alike = rememberTexts((name) => name.toLowerCase().replace(/[^a-z0-9]/g, '-'), {
  most: 1_000,
  longest: 100,
});

const known = new WeakMap<ServerConfig, ReadonlySet<string>>();

function identityOf(config: ServerConfig): ReadonlySet<string> {
  const before = known.get(config);
  if (before !== undefined) return before;
  const names = new Set(['remote-user']);
  for (const { directorySettings, sections } of [config.mainServer, ...config.virtualHosts]) {
    collect(directorySettings, names);
    collectSections(sections, names);
  }
  known.set(config, names);
  return names;
}

function collectSections(sections: readonly Section[], names: Set<string>): void {
  for (const { settings, sections: inner } of sections) {
    collect(settings, names);
    collectSections(inner, names);
  }
}

function collect({ requestHeaders = [] }: DirectorySettings, names: Set<string>): void {
  for (const rule of requestHeaders) {
    if (makesIdentity(rule)) for (const name of namesOf(rule)) names.add(alike(name));
  }
}

function namesOf({ change }: HeaderRule): string[] {
  return 'name' in change ? [change.name] : [];
}

function makesIdentity({ change }: HeaderRule): boolean {
  return (
    'value' in change && change.value.kind === 'expression' && readsVariable('REMOTE_USER', change.value.text)
  );
}
