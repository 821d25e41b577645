import {
  anywhere,
  flag,
  honoured,
  inModule,
  insideSections,
  mainServerOnly,
  one,
  outsideSections,
  raw,
} from '../definition.js';
import type { Here, Mutable } from '../draft.js';
import type { ApplicationInterface, AuthScript, ImportScript, ScriptAlias } from '../model.js';
import { suggestNearest } from '../nearest-name.js';
import { parseOptions } from '../options.js';
import { translatePattern } from '../patterns.js';
import { statPath } from '../stat-path.js';
import { chooseWord, listWords, resolvePath } from '../values.js';
import { takeWord } from '../words.js';
import { warnOfUnreachablePath } from './alias.js';
import { addDaemonProcess } from './daemon-process.js';

const interfaces = ['auto', 'wsgi', 'fetch', 'node'] as const satisfies readonly ApplicationInterface[];

/** mod_wsgi's directives, and one of our own. */
export const wsgi = inModule('wsgi', [
  honoured(
    'WSGIScriptAlias',
    outsideSections,
    raw('URL-path file [option=value …]'),
    'Mounts an application on a URL path.',
    (here, text) => {
      addScriptAlias(here, text, false);
    },
  ),
  honoured(
    'WSGIScriptAliasMatch',
    outsideSections,
    raw('pattern file [option=value …]'),
    'Mounts applications on the URL paths that a pattern matches.',
    (here, text) => {
      addScriptAlias(here, text, true);
    },
  ),
  honoured(
    'WSGIDaemonProcess',
    outsideSections,
    raw('name [option=value …]'),
    'Declares a process group: daemon processes that run applications.',
    addDaemonProcess,
  ),
  honoured(
    'WSGIProcessGroup',
    anywhere,
    one('name|%{GLOBAL}|%{ENV:variable}'),
    'The process group that applications run in.',
    (here, name) => {
      here.section.settings.processGroup = name;
      noteGroup(here, name);
    },
    '%{GLOBAL}',
  ),
  honoured(
    'WSGIApplicationGroup',
    anywhere,
    one('name|%{GLOBAL}|%{SERVER}|%{RESOURCE}|%{HOST}|%{ENV:variable}'),
    'Which applications share their modules.',
    (here, name) => {
      here.section.settings.applicationGroup = name;
    },
    '%{RESOURCE}',
  ),
  honoured(
    'WSGICallableObject',
    anywhere,
    one('name|%{ENV:variable}'),
    'Name of the application in its file.',
    (here, name) => {
      here.section.settings.callableObject = name;
    },
    'application',
  ),
  honoured(
    'WSGIApplicationInterface',
    anywhere,
    one('auto|wsgi|fetch|node'),
    'How the exported object of a JavaScript file is called.',
    (here, text) => {
      const word = chooseWord(here, text, interfaces);
      if (word !== undefined) here.section.settings.applicationInterface = word;
    },
    'auto',
  ),
  honoured(
    'WSGIPassAuthorization',
    anywhere,
    flag,
    'Whether applications see the Authorization header.',
    (here, on) => {
      here.section.settings.passAuthorization = on;
    },
    'Off',
  ),
  honoured(
    'WSGIScriptReloading',
    anywhere,
    flag,
    'Whether a changed script file is loaded anew.',
    (here, on) => {
      here.section.settings.scriptReloading = on;
    },
    'On',
  ),
  honoured(
    'WSGIChunkedRequest',
    anywhere,
    flag,
    'Whether request bodies of unknown length are taken.',
    (here, on) => {
      here.section.settings.chunkedRequest = on;
    },
    'On',
  ),
  honoured(
    'WSGIPythonHome',
    mainServerOnly,
    one('directory'),
    'Virtual environment of Python applications.',
    (here, path) => {
      here.draft.global.pythonHome = resolvePath(here, path.split(':')[0] ?? path);
    },
  ),
  honoured(
    'WSGIPythonPath',
    mainServerOnly,
    one('directory[:directory …]'),
    'Where Python applications look for modules.',
    (here, path) => {
      here.draft.global.pythonPath = path.split(':').filter((directory) => directory !== '');
    },
  ),
  honoured(
    'WSGISocketPrefix',
    mainServerOnly,
    one('path'),
    'Where sockets to daemon processes are made.',
    (here, path) => {
      here.draft.global.socketPrefix = resolvePath(here, path);
    },
    'run/wsgi',
  ),
  honoured(
    'WSGIRestrictEmbedded',
    mainServerOnly,
    flag,
    'Whether every application must name a process group.',
    (here, on) => {
      here.draft.global.restrictEmbedded = on;
    },
    'Off',
  ),
  honoured(
    'WSGIImportScript',
    outsideSections,
    raw('file process-group=name application-group=name'),
    'A script file to load when its process group starts.',
    addImportScript,
  ),
  honoured(
    'WSGIAuthUserScript',
    insideSections,
    raw('file [option=value …]'),
    'Who checks names and passwords: check_password().',
    (here, text) => {
      const script = readAuthScript(here, text);
      here.draft.serversWithAuthScript.add(here.server.id);
      if (script !== undefined) here.section.settings.authUserScript = script;
    },
  ),
  honoured(
    'WSGIAuthGroupScript',
    insideSections,
    raw('file [option=value …]'),
    'Who knows the groups of a user: groups_for_user().',
    (here, text) => {
      const script = readAuthScript(here, text);
      if (script !== undefined) here.section.settings.authGroupScript = script;
    },
  ),
]);

/** A group that is chosen per request, such as `%{ENV:NAME}`, can only be checked then. */
function isStatic(name: string): boolean {
  return !name.startsWith('%{');
}

function noteGroup(here: Here, name: string): void {
  if (!isStatic(name)) return;
  const { place, directive, server } = here;
  here.draft.groupReferences.push({ name, place, directive, serverId: server.id });
}

function addScriptAlias(here: Here, text: string, isMatch: boolean): void {
  const { word: path, rest } = takeWord(text);
  const { word: file, rest: tail } = takeWord(rest);
  if (path === '' || file === '') {
    here.fail(`requires at least two arguments: ${isMatch ? 'pattern' : 'URL-path'} file`);
    return;
  }
  const options = readOptions(here, tail, [
    'process-group',
    'application-group',
    'callable-object',
    'pass-authorization',
    'interface',
  ]);
  const match = isMatch ? readPattern(here, path) : { kind: 'prefix' as const, path };
  if (!isMatch) warnOfUnreachablePath(here, path);
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
  const chosen = named === undefined ? undefined : chooseWord(here, named, interfaces);
  if (chosen !== undefined) alias.applicationInterface = chosen;
  here.server.scriptAliases.push(alias);
  addPreload(here, alias);
}

function readPattern(here: Here, text: string) {
  const result = translatePattern(text);
  if (result.kind === 'pattern') return { kind: 'regex' as const, pattern: result.pattern };
  here.fail(result.message);
  return undefined;
}

/** A mount that says on its own line where it runs is loaded when that process group starts. */
function addPreload(here: Here, alias: ScriptAlias): void {
  const processGroup = expandStaticGroup(alias.processGroup);
  const applicationGroup = expandStaticGroup(alias.applicationGroup);
  if (processGroup === undefined || applicationGroup === undefined) return;
  // `$1`, a directory of scripts, or a file with something behind it: which script is known only per request.
  if (alias.match.kind === 'regex' && alias.target.includes('$')) return;
  if (alias.target.endsWith('/') || statPath(alias.target)?.isDirectory()) return;
  addOnce(here, { file: alias.target, processGroup, applicationGroup, position: alias.position });
}

function addImportScript(here: Here, text: string): void {
  const { word: file, rest } = takeWord(text);
  if (file === '') {
    here.fail('expected a file, process-group=name and application-group=name');
    return;
  }
  const options = readOptions(here, rest, ['process-group', 'application-group']);
  if (options === undefined) return;
  const group = options.get('process-group');
  const processGroup = expandStaticGroup(group);
  const applicationGroup = expandStaticGroup(options.get('application-group'));
  if (group === undefined || processGroup === undefined || applicationGroup === undefined) {
    here.fail('expected both process-group=name and application-group=name, each a name or %{GLOBAL}');
    return;
  }
  noteGroup(here, group);
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
  return isStatic(name) ? name : undefined;
}

function addOnce(here: Here, script: ImportScript): void {
  const isSame = (other: ImportScript) =>
    other.file === script.file &&
    other.processGroup === script.processGroup &&
    other.applicationGroup === script.applicationGroup;
  if (!here.draft.importScripts.some(isSame)) here.draft.importScripts.push(script);
}

function readAuthScript(here: Here, text: string): AuthScript | undefined {
  const { word: file, rest } = takeWord(text);
  if (file === '') {
    here.fail('expected a script file');
    return undefined;
  }
  const options = readOptions(here, rest, ['process-group', 'application-group']);
  if (options === undefined) return undefined;
  const processGroup = options.get('process-group');
  const applicationGroup = options.get('application-group');
  if (processGroup !== undefined) noteGroup(here, processGroup);
  return {
    file: resolvePath(here, file),
    ...(processGroup === undefined ? {} : { processGroup }),
    ...(applicationGroup === undefined ? {} : { applicationGroup }),
    position: here.place.position,
  };
}

/** Options by name, the last of the same name winning; undefined if one is wrong, which is then reported. */
function readOptions(
  here: Here,
  text: string,
  known: readonly string[],
): ReadonlyMap<string, string> | undefined {
  const parsed = parseOptions(text);
  if (parsed.kind === 'wrong') {
    here.fail(`expected option=value with ${listWords(known)}, not '${parsed.word}'`);
    return undefined;
  }
  let isRight = true;
  for (const [name, value] of parsed.options) {
    if (!known.includes(name))
      here.fail(`there is no option '${name}'${suggestNearest(name, known)}; expected ${listWords(known)}`);
    else if (value === '') here.fail(`expected a value for ${name}`);
    else continue;
    isRight = false;
  }
  return isRight ? new Map(parsed.options) : undefined;
}
