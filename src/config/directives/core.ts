import { parseHostAndPort } from '../../http/index.js';
import {
  anywhere,
  flag,
  honoured,
  inModule,
  list,
  mainServerOnly,
  one,
  oneOrTwo,
  outsideSections,
  raw,
  readPhase,
} from '../definition.js';
import type { Here } from '../draft.js';
import { parseErrorLogDestination } from '../log-destination.js';
import type { ServerName } from '../model.js';
import { statPath } from '../stat-path.js';
import {
  chooseWord,
  resolvePath,
  takeDurationOrDefault,
  takeInteger,
  takeIntegerOrDefault,
} from '../values.js';
import { splitWords } from '../words.js';
import { setLogLevel } from './log-level.js';
import { setOptions } from './options.js';

/** Directives of httpd's core. */
export const core = inModule('core', [
  readPhase('Define', 'name [value]', 'Sets a variable, for text and for <IfDefine>.'),
  readPhase('UnDefine', 'name', 'Removes a variable.'),
  readPhase('Include', 'file|directory|wildcard', 'Reads other files here.'),
  readPhase('IncludeOptional', 'file|directory|wildcard', 'Reads other files here, if there are any.'),
  readPhase('ServerRoot', 'directory', 'What relative paths are relative to.'),
  readPhase('<IfDefine', '[!]name', 'Lines for when a variable is set.'),
  readPhase('<IfModule', '[!]module', 'Lines for when a module is there.'),
  readPhase('<IfFile', '[!]path', 'Lines for when a file exists.'),
  readPhase('<IfDirective', '[!]name', 'Lines for when a directive is known.'),
  readPhase('<IfSection', '[!]name', 'Lines for when a section is known.'),
  honoured('Error', anywhere, raw('text'), 'Stops the start with a message.', (here, text) => {
    here.fail(splitWords(text).join(' ') || 'asks to stop here', { kind: 'asked-to-stop' });
  }),
  honoured(
    'ServerName',
    outsideSections,
    one('[scheme://]host[:port]'),
    'Name of the server.',
    (here, text) => {
      const name = parseServerName(text);
      if (name !== undefined) {
        here.server.serverName = name;
        return;
      }
      if (!/^[^*:\s]+$/.test(text.replace(/^https?:\/\//i, ''))) {
        here.fail(`expected [scheme://]host[:port], not '${text}'`);
        return;
      }
      // As httpd, which takes what is left for a name.
      here.warn(`expected [scheme://]host[:port]: no request asks for '${text}'`, { kind: 'never-matches' });
      here.server.serverName = nameInUrl(text);
    },
  ),
  honoured('ServerAlias', ['virtual-host'], list('host …'), 'Further names, with * and ?.', (here, names) => {
    here.server.serverAliases.push(...names.map((name) => name.toLowerCase()));
  }),
  honoured('ServerAdmin', outsideSections, one('address'), 'Whom to write to.', (here, address) => {
    here.server.settings.serverAdmin = address;
  }),
  honoured(
    'DocumentRoot',
    outsideSections,
    one('directory'),
    'Files for paths that nothing else maps.',
    setDocumentRoot,
  ),
  honoured(
    'ErrorLog',
    outsideSections,
    oneOrTwo('file|"|program"|syslog'),
    'Where messages are written.',
    setErrorLog,
    'logs/error_log',
  ),
  honoured('LogLevel', anywhere, list('[module:]level …'), 'What is worth a message.', setLogLevel, 'warn'),
  honoured(
    'PidFile',
    mainServerOnly,
    one('file'),
    'Where the process id is written.',
    (here, path) => {
      here.draft.global.pidFile = resolvePath(here, path);
    },
    'run/modhost.pid',
  ),
  honoured(
    'DefaultRuntimeDir',
    mainServerOnly,
    one('directory'),
    'Where sockets and the like are kept.',
    (here, path) => {
      here.draft.global.runtimeDirectory = resolvePath(here, path);
    },
    'run',
  ),
  honoured(
    'Timeout',
    outsideSections,
    one('seconds'),
    'Time limit of each wait for the client.',
    (here, text) => {
      const time = takeDurationOrDefault(here, text);
      if (time === 0) here.warn('expected more than 0 seconds: the default stays');
      else if (time !== undefined) here.server.settings.timeoutMs = time;
    },
    '60',
  ),
  honoured(
    'LimitRequestLine',
    outsideSections,
    one('bytes'),
    'Longest request line.',
    (here, text) => {
      const bytes = takeIntegerOrDefault(here, text);
      if (bytes !== undefined) here.server.settings.limitRequestLine = bytes;
    },
    '8190',
  ),
  honoured(
    'LimitRequestFieldSize',
    outsideSections,
    one('bytes'),
    'Longest header field.',
    (here, text) => {
      const bytes = takeIntegerOrDefault(here, text);
      if (bytes !== undefined) here.server.settings.limitRequestFieldSize = bytes;
    },
    '8190',
  ),
  honoured(
    'LimitRequestFields',
    outsideSections,
    one('count'),
    'Most header fields; 0: any number.',
    (here, text) => {
      const count = takeIntegerOrDefault(here, text, 0, 32767);
      if (count !== undefined) here.server.settings.limitRequestFields = count;
    },
    '100',
  ),
  honoured(
    'LimitRequestBody',
    anywhere,
    one('bytes'),
    'Longest request body; 0: any length.',
    (here, text) => {
      const bytes = takeInteger(here, text, 0, Number.MAX_SAFE_INTEGER);
      if (bytes !== undefined) here.section.settings.limitRequestBody = bytes;
    },
    '1073741824',
  ),
  honoured(
    'MergeSlashes',
    outsideSections,
    flag,
    'Whether // in a path is one slash.',
    (here, on) => {
      here.server.settings.mergeSlashes = on;
    },
    'On',
  ),
  honoured(
    'AllowEncodedSlashes',
    outsideSections,
    one('On|Off|NoDecode'),
    'Whether %2F may stand in a path.',
    (here, text) => {
      const word = chooseWord(here, text, ['on', 'off', 'nodecode']);
      if (word !== undefined) here.server.settings.allowEncodedSlashes = word;
    },
    'Off',
  ),
  honoured(
    'TraceEnable',
    outsideSections,
    one('On|Off|Extended'),
    'Whether TRACE is answered.',
    (here, text) => {
      const word = chooseWord(here, text, ['on', 'off', 'extended']);
      if (word !== undefined) here.server.settings.traceEnable = word;
    },
    'On',
  ),
  honoured(
    'ServerTokens',
    mainServerOnly,
    one('Full|OS|Minimal|Minor|Major|Prod'),
    'What the Server header tells.',
    (here, text) => {
      const short: Readonly<Record<string, string>> = { productonly: 'prod', min: 'minimal' };
      const lower = text.toLowerCase();
      const word = chooseWord(here, (Object.hasOwn(short, lower) ? short[lower] : undefined) ?? text, [
        'full',
        'os',
        'minimal',
        'minor',
        'major',
        'prod',
      ]);
      if (word !== undefined) here.draft.global.serverTokens = word;
    },
    'Full',
  ),
  honoured(
    'Options',
    anywhere,
    list('[+|-]option …'),
    'What may be done in a directory.',
    setOptions,
    'FollowSymLinks',
  ),
]);

function parseServerName(text: string): ServerName | undefined {
  const match = /^(?:(https?):\/\/)?(.+)$/i.exec(text);
  const parts = parseHostAndPort(match?.[2] ?? '');
  if (parts === undefined) return undefined;
  const scheme = match?.[1]?.toLowerCase() === 'https' ? 'https' : 'http';
  return { ...parts, host: parts.host.toLowerCase(), ...(match?.[1] === undefined ? {} : { scheme }) };
}

/** Of what is no name of a host, and so never asked for: a URL with a path, a template that nobody has filled in. */
function nameInUrl(text: string): ServerName {
  const [, scheme, host = text] = /^(https?):\/\/(.*)$/i.exec(text) ?? [];
  return {
    host: host.toLowerCase(),
    ...(scheme === undefined ? {} : { scheme: scheme.toLowerCase() === 'https' ? 'https' : 'http' }),
  };
}

function setDocumentRoot(here: Here, text: string): void {
  const path = resolvePath(here, text);
  here.server.settings.documentRoot = path;
  if (statPath(path)?.isDirectory()) return;
  const message = `expected a directory that exists, not ${path}`;
  // As httpd: a virtual host may wait for its files.
  if (here.server.id === 0) here.fail(message, { kind: 'no-such-directory' });
  else here.warn(message, { kind: 'no-such-directory' });
}

function setErrorLog(here: Here, first: string, second: string | undefined): void {
  if (second !== undefined) {
    here.fail('takes one argument: file', { kind: 'argument-count' });
    return;
  }
  const destination = parseErrorLogDestination(here, first);
  if (destination !== undefined) here.server.settings.errorLog = destination;
}
