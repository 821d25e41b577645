import { translatePattern } from '../../matching/index.js';
import type { Here, Mutable } from '../draft.js';
import { noteFile } from '../file-references.js';
import type { ApplicationInterface, ImportScript, ScriptAlias } from '../model.js';
import { statPath } from '../stat-path.js';
import { chooseWord, resolvePath } from '../values.js';
import { takeWord } from '../words.js';
import { warnOfUnreachablePath } from './alias.js';
import { isStaticGroup, noteGroup, readScriptOptions } from './script-options.js';
import { warnOfShadow } from './shadowed.js';

/** Values of WSGIApplicationInterface and of `interface=`. */
export const applicationInterfaces = [
  'auto',
  'wsgi',
  'fetch',
  'node',
] as const satisfies readonly ApplicationInterface[];

/** WSGIScriptAlias and, with `isMatch`, WSGIScriptAliasMatch; WebSocketScriptAlias with `isForWebSocket`. */
export function addScriptAlias(here: Here, text: string, isMatch: boolean, isForWebSocket = false): void {
  const { word: path, rest } = takeWord(text);
  const { word: file, rest: tail } = takeWord(rest);
  if (path === '' || file === '') {
    here.fail(`requires at least two arguments: ${isMatch ? 'pattern' : 'URL-path'} file`, {
      kind: 'argument-count',
    });
    return;
  }
  const options = readScriptOptions(here, tail, [
    'process-group',
    'application-group',
    'callable-object',
    'pass-authorization',
    'interface',
  ]);
  const match = isMatch ? readPattern(here, path) : { kind: 'prefix' as const, path };
  if (!isMatch) {
    warnOfUnreachablePath(here, path);
    const first = listWebSocketAliases(here);
    if (isForWebSocket) warnOfShadow(here, path, first);
    else warnOfShadow(here, path, first, here.server.scriptAliases);
  }
  if (isForWebSocket && !/\.[cm]?[jt]s$/.test(file)) {
    here.fail(`expected a JavaScript or TypeScript module, not '${file}'`, { at: { word: file } });
    return;
  }
  if (options === undefined || match === undefined) return;
  const alias: Mutable<ScriptAlias> = {
    match,
    target: resolvePath(here, file),
    position: here.place.position,
  };
  const group = options.get('process-group');
  if (group !== undefined) {
    alias.processGroup = group;
    noteGroup(here, group);
  }
  const applicationGroup = options.get('application-group');
  if (applicationGroup !== undefined) alias.applicationGroup = applicationGroup;
  const callable = options.get('callable-object');
  if (callable !== undefined) alias.callableObject = callable;
  const pass = options.get('pass-authorization');
  const passed = pass === undefined ? undefined : chooseWord(here, pass, ['on', 'off']);
  if (passed !== undefined) alias.passAuthorization = passed === 'on';
  const named = options.get('interface');
  const chosen = named === undefined ? undefined : chooseWord(here, named, applicationInterfaces);
  if (chosen !== undefined) alias.applicationInterface = chosen;
  if (isForWebSocket) addFirst(here, alias);
  else here.server.scriptAliases.push(alias);
  // `$1`: which file it is shows only per request.
  if (!(isMatch && file.includes('$'))) noteFile(here, 'script', alias.target);
  addPreload(here, alias);
}

/** Part of what an application is mounted on, whichever of the two comes first in the file. */
function addFirst(here: Here, alias: Mutable<ScriptAlias>): void {
  const { scriptAliases } = here.server;
  const others = scriptAliases.findIndex(({ isForWebSocket }) => isForWebSocket !== true);
  alias.isForWebSocket = true;
  alias.applicationInterface ??= 'node';
  scriptAliases.splice(others < 0 ? scriptAliases.length : others, 0, alias);
  listWebSocketAliases(here).push(alias);
}

/** Lists of their own, which grow at their end only, since thousands of lines are compared with them. */
const webSocketAliases = new WeakMap<readonly ScriptAlias[], ScriptAlias[]>();

function listWebSocketAliases({ server }: Here): ScriptAlias[] {
  const list = webSocketAliases.get(server.scriptAliases) ?? [];
  webSocketAliases.set(server.scriptAliases, list);
  return list;
}

function readPattern(here: Here, text: string) {
  const result = translatePattern(text);
  if (result.kind === 'pattern') return { kind: 'regex' as const, pattern: result.pattern };
  here.fail(result.message, { kind: 'pattern', at: { word: text } });
  return undefined;
}

/** A mount that says on its own line where it runs is loaded when that process group starts. */
export function addPreload(here: Here, alias: ScriptAlias): void {
  const processGroup = expandStaticGroup(alias.processGroup);
  const applicationGroup = expandStaticGroup(alias.applicationGroup);
  if (processGroup === undefined || applicationGroup === undefined) return;
  // `$1`, a directory of scripts, or a file with something behind it: which script is known only per request.
  if (alias.match.kind === 'regex' && alias.target.includes('$')) return;
  if (alias.target.endsWith('/') || statPath(alias.target)?.isDirectory()) return;
  addOnce(here, { file: alias.target, processGroup, applicationGroup, position: alias.position });
}

/** WSGIImportScript. */
export function addImportScript(here: Here, text: string): void {
  const { word: file, rest } = takeWord(text);
  if (file === '') {
    here.fail('expected a file, process-group=name and application-group=name', { kind: 'argument-count' });
    return;
  }
  const options = readScriptOptions(here, rest, ['process-group', 'application-group']);
  if (options === undefined) return;
  const group = options.get('process-group');
  const processGroup = expandStaticGroup(group);
  const applicationGroup = expandStaticGroup(options.get('application-group'));
  if (group === undefined || processGroup === undefined || applicationGroup === undefined) {
    here.fail('expected both process-group=name and application-group=name, each a name or %{GLOBAL}', {
      kind: 'argument-count',
    });
    return;
  }
  noteGroup(here, group);
  noteFile(here, 'script', resolvePath(here, file));
  addOnce(here, {
    file: resolvePath(here, file),
    processGroup,
    applicationGroup,
    position: here.place.position,
  });
}

/** The group's name, '' for `%{GLOBAL}`; undefined if it is known only per request or not given. */
function expandStaticGroup(name: string | undefined): string | undefined {
  if (name === undefined || name === '%{GLOBAL}') return name === undefined ? undefined : '';
  return isStaticGroup(name) ? name : undefined;
}

function addOnce(here: Here, script: ImportScript): void {
  const { importScripts } = here.draft;
  const key = JSON.stringify([script.file, script.processGroup, script.applicationGroup]);
  if (!importScripts.has(key)) importScripts.set(key, script);
}
