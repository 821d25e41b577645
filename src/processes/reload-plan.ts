import { isDeepStrictEqual } from 'node:util';
import type { ProcessGroup, ServerConfig } from '../config/model.js';
import { keyOfListener } from './bind-listeners.js';
import type { PoolPlan } from './daemon-pool.js';
import { findProcessGroup } from './launch-plan.js';

/** What a graceful restart would do to one thing. */
export interface PlannedChange {
  readonly what: 'listener' | 'process group' | 'front ends';
  readonly name: string;
  readonly change: 'new' | 'replaced' | 'removed' | 'unchanged';
  /** Options that differ, `threads 4 -> 5`; values of the environment are not told. */
  readonly because: readonly string[];
}

export interface RunningSite {
  readonly config: ServerConfig;
  readonly plans: ReadonlyMap<string, PoolPlan>;
}

/** Compares what runs with what a site file asks for. `plans`: by `group/runtime`. */
export function planReload(running: RunningSite, wanted: RunningSite): readonly PlannedChange[] {
  return [
    ...compareListeners(running.config, wanted.config),
    ...compareGroups(running, wanted),
    { what: 'front ends', name: '', change: 'replaced', because: [] },
  ];
}

function compareListeners(old: ServerConfig, next: ServerConfig): PlannedChange[] {
  const before = new Set(old.listeners.map(keyOfListener));
  const after = new Set(next.listeners.map(keyOfListener));
  return [...new Set([...before, ...after])].map((name) => ({
    what: 'listener',
    name,
    change: !before.has(name) ? 'new' : after.has(name) ? 'unchanged' : 'removed',
    because: [],
  }));
}

function compareGroups(running: RunningSite, wanted: RunningSite): PlannedChange[] {
  const names = new Set([...running.plans.keys(), ...wanted.plans.keys()]);
  return [...names].map((key): PlannedChange => {
    const before = running.plans.get(key);
    const after = wanted.plans.get(key);
    const name = key.startsWith('/') ? `%{GLOBAL}${key}` : key;
    if (before === undefined) return { what: 'process group', name, change: 'new', because: [] };
    if (after === undefined) return { what: 'process group', name, change: 'removed', because: [] };
    if (isDeepStrictEqual(before, after))
      return { what: 'process group', name, change: 'unchanged', because: [] };
    const because = compareDefinitions(
      findProcessGroup(running.config, before.group),
      findProcessGroup(wanted.config, after.group),
    );
    return { what: 'process group', name, change: 'replaced', because };
  });
}

/** Not what tells where the declaration stands. */
const notOptions = new Set<string>(['name', 'position', 'virtualHostId', 'multiprocess']);

function compareDefinitions(before: ProcessGroup | undefined, after: ProcessGroup | undefined): string[] {
  const old: Readonly<Record<string, unknown>> = { ...before };
  const next: Readonly<Record<string, unknown>> = { ...after };
  const differing = [...new Set([...Object.keys(old), ...Object.keys(next)])].filter(
    (name) => !notOptions.has(name) && !isDeepStrictEqual(old[name], next[name]),
  );
  if (differing.length === 0 && before?.multiprocess !== after?.multiprocess)
    return ['processes= is given, or is no longer: wsgi.multiprocess'];
  // What User, Group or WSGIImportScript say is in no option of the group.
  if (differing.length === 0) return ['what it runs as, or what it preloads'];
  return differing.map((name) => {
    if (name === 'environment') return 'environment';
    return `${nameOfOption(name, next[name] ?? old[name])} ${format(name, old[name])} -> ${format(name, next[name])}`;
  });
}

/** `requestTimeoutMs` → `request-timeout`; `owner`: what `scriptOwner` was or is. */
function nameOfOption(member: string, owner: unknown): string {
  if (member === 'webSocketDrainTimeoutMs') return 'websocket-drain-timeout';
  if (member === 'scriptOwner') return `script-${(owner as ScriptOwner).kind}`;
  return member.replace(/Ms$/, '').replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

/** As it would be written in the site file. */
function format(member: string, value: unknown): string {
  if (value === undefined) return '(default)';
  if (member === 'umask') return `0${(value as number).toString(8).padStart(3, '0')}`;
  if (member === 'scriptOwner') return (value as ScriptOwner).name;
  if (Array.isArray(value)) return value.length === 0 ? '(none)' : value.join(separators[member] ?? ' ');
  if (typeof value === 'number' && member.endsWith('Ms')) return String(value / 1000);
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}

type ScriptOwner = NonNullable<ProcessGroup['scriptOwner']>;

/** Of lists; a blank otherwise. */
const separators: Readonly<Record<string, string>> = { pythonPath: ':', supplementaryGroups: ',' };
