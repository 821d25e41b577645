import {
  anywhere,
  flag,
  honoured,
  inModule,
  insideSections,
  list,
  mainServerOnly,
  one,
  outsideSections,
  raw,
} from '../definition.js';
import { chooseWord, resolvePath } from '../values.js';
import { addDaemonProcess } from './daemon-process.js';
import { addHandlerScript } from './handler-script.js';
import { addImportScript, addScriptAlias, applicationInterfaces } from './script-alias.js';
import { noteGroup, readAuthScript } from './script-options.js';

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
    'WebSocketScriptAlias',
    outsideSections,
    raw('URL-path file [option=value …]'),
    'Mounts a JavaScript module that speaks WebSocket below a URL path, before every WSGIScriptAlias.',
    (here, text) => {
      addScriptAlias(here, text, false, true);
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
    'WSGIRestrictProcess',
    anywhere,
    list('name|%{GLOBAL} …'),
    'The process groups that applications may run in; in any other they are refused with 500.',
    (here, names) => {
      here.section.settings.allowedProcessGroups = names.map((name) => (name === '%{GLOBAL}' ? '' : name));
      for (const name of names) noteGroup(here, name);
    },
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
      const word = chooseWord(here, text, applicationInterfaces);
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
    'WSGIErrorOverride',
    anywhere,
    flag,
    "Whether error pages of applications are replaced by the server's.",
    (here, on) => {
      here.section.settings.errorOverride = on;
    },
    'Off',
  ),
  honoured(
    'WSGIMapHEADToGET',
    anywhere,
    one('On|Off|Auto'),
    'Whether applications see a HEAD request as GET.',
    (here, text) => {
      const word = chooseWord(here, text, ['on', 'off', 'auto']);
      if (word !== undefined) here.section.settings.mapHeadToGet = word;
    },
    'Auto',
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
    'WSGIDispatchScript',
    anywhere,
    raw('file [option=value …]'),
    'Who chooses groups and callable of each request: process_group(), application_group(), callable_object().',
    (here, text) => {
      const script = readAuthScript(here, text);
      if (script !== undefined) here.section.settings.dispatchScript = script;
    },
  ),
  honoured(
    'WSGIHandlerScript',
    anywhere,
    raw('name file [option=value …]'),
    'A script whose handle_request() answers where SetHandler or AddHandler say its name.',
    addHandlerScript,
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
  honoured(
    'WSGIAccessScript',
    insideSections,
    raw('file [option=value …]'),
    'Who may enter, by where the request comes from: allow_access().',
    (here, text) => {
      const script = readAuthScript(here, text);
      if (script !== undefined) here.section.settings.accessScript = script;
    },
  ),
]);
