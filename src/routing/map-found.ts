import type { DirectorySettings } from '../config/model.js';
import { toByteString } from '../http/index.js';
import type { FoundFile } from './find-file.js';
import { mapHandledByServer } from './handled-by-server.js';
import {
  type Handler,
  handlerOf,
  type NamedScript,
  namedScriptOf,
  type ServerHandler,
  selectHandler,
  serverOf,
} from './handler.js';
import type { FindHandlerTarget } from './handler-target.js';
import type { Mapping, ScriptMapping } from './index.js';
import type { RequestPath } from './match-table.js';
import { settleOptions } from './options.js';
import { findScriptName } from './script-name.js';
import type { Translation } from './translate-path.js';

/*
 * What is found becomes what is answered. Objects are written out member by member: on this path, a spread costs as much as
 * the question to the file system.
 */

/** `found` is undefined where the path leads to no name in the file system. */
export function mapFound(
  translation: Translation,
  found: FoundFile | undefined,
  settings: DirectorySettings,
  path: RequestPath,
  findTarget: FindHandlerTarget,
): Mapping {
  if (found === undefined) return mapNowhere(settings, path);
  if (found.kind === 'forbidden') return found;
  const handler = handlerFor(translation, found, settings);
  const named = namedScriptOf(handler);
  // As httpd has it, SetHandler and AddHandler come after WSGIScriptAlias.
  if (named !== undefined && found.kind !== 'directory')
    return mapNamed(named, found, restOf(translation, found), settings, path);
  if (translation.kind === 'script')
    return found.kind === 'directory'
      ? mapFolderOfScripts(found.filename, named, path)
      : mapScript(translation, found, settings, path);
  const server = serverOf(handler);
  if (server !== undefined) return mapToServer(server, findTarget, translation, found);
  if (handler === 'wsgi-script' && found.kind !== 'directory') return mapHandled(found, settings, path);
  // Its page needs no file.
  if (isForeign(handler, 'balancer-manager')) return refuseForeign(found.filename, 'balancer-manager');
  if (found.kind === 'missing') return missing(found.filename, 'no such file or directory');
  if (translation.kind !== 'tree') return missing(found.filename, 'leads nowhere');
  const { contextPrefix, contextDocumentRoot } = translation;
  const { kind, filename } = found;
  if (kind === 'directory') {
    if (named === undefined) return { kind, filename, contextPrefix, contextDocumentRoot };
    const handled = handledFolder(named, filename, path);
    return { kind, filename, contextPrefix, contextDocumentRoot, handled };
  }
  if (typeof handler === 'object' && 'foreign' in handler) return refuseForeign(filename, handler.foreign);
  return { kind, filename, pathInfo: found.pathInfo, contextPrefix, contextDocumentRoot };
}

function isForeign(handler: Handler, name: string): boolean {
  return typeof handler === 'object' && 'foreign' in handler && handler.foreign === name;
}

function refuseForeign(filename: string, name: string): Mapping {
  return { kind: 'forbidden', filename, reason: `modhost does not run the handler ${name}` };
}

/** Without DocumentRoot: a WSGIHandlerScript answers as if there were one with nothing in it. */
function mapNowhere(settings: DirectorySettings, path: RequestPath): Mapping {
  if (settings.handler === 'balancer-manager') return refuseForeign('', settings.handler);
  const named = namedScriptOf(handlerOf(settings.handler ?? 'none', settings));
  if (named === undefined) return missing('', 'no alias matches and there is no DocumentRoot');
  const behindFirst = path.merged.indexOf('/', 1);
  const rest = behindFirst === -1 ? '' : path.merged.slice(behindFirst);
  return mapNamed(named, { kind: 'missing', filename: '' }, rest, settings, path);
}

/** What of the name is not in the file system, without the part that is missing. */
function restOf(translation: Translation, found: Handled): string {
  if (found.kind === 'file') return found.pathInfo;
  return translation.kind === 'nowhere' ? '' : translation.filename.slice(found.filename.length);
}

/** A WSGIHandlerScript answers for whatever is there, and for what is not. */
function mapNamed(
  named: NamedScript,
  { kind, filename }: Handled,
  pathInfo: string,
  settings: DirectorySettings,
  path: RequestPath,
): Mapping {
  if (pathInfo !== '' && settings.acceptPathInfo === 'off') return missing(filename, noPathInfo);
  return handledAt(named, { filename, isFile: kind === 'file' }, pathInfo, path);
}

function handledAt(
  { name, script }: NamedScript,
  resource: { readonly filename: string; readonly isFile: boolean },
  pathInfo: string,
  path: RequestPath,
): ScriptMapping {
  return {
    kind: 'script',
    scriptFile: toByteString(script.file),
    scriptName: findScriptName(path.merged, pathInfo),
    pathInfo,
    handled: { name, script, ...resource },
  };
}

/** Files that are not there, and directories without an index, are the server's affair, too (as httpd). */
function mapToServer(
  handler: ServerHandler,
  findTarget: FindHandlerTarget,
  translation: Translation,
  found: Exclude<FoundFile, { kind: 'forbidden' }>,
): Mapping {
  if (translation.kind !== 'tree') return missing(found.filename, 'leads nowhere');
  const { contextPrefix, contextDocumentRoot } = translation;
  const { kind, filename } = found;
  const behind = translation.filename.slice(filename.length);
  const file = {
    filename: kind === 'directory' ? `${filename}/` : filename,
    pathInfo: kind === 'directory' ? '' : behind,
    contextPrefix,
    contextDocumentRoot,
  };
  const handled = mapHandledByServer(handler, findTarget, file);
  if (kind === 'file' || handled.kind === 'forbidden') return handled;
  return kind === 'missing'
    ? { kind, filename, reason: 'no such file or directory', handled }
    : { kind, filename, contextPrefix, contextDocumentRoot, handled };
}

/** WSGIScriptAlias to a directory. Where SetHandler names who answers for it, its slash and its index come first, as in any other (as httpd). */
function mapFolderOfScripts(filename: string, named: NamedScript | undefined, path: RequestPath): Mapping {
  if (named === undefined)
    return { kind: 'forbidden', filename, reason: 'a script is needed here, this is a directory' };
  const handled = handledFolder(named, filename, path);
  return { kind: 'directory', filename, contextPrefix: '', contextDocumentRoot: '', handled };
}

function handledFolder(named: NamedScript, filename: string, path: RequestPath): ScriptMapping {
  const slash = path.merged.endsWith('/') ? '/' : '';
  return handledAt(named, { filename: filename + slash, isFile: false }, '', path);
}

function mapScript(
  { alias }: Translation & { kind: 'script' },
  found: Exclude<FoundFile, { kind: 'forbidden' | 'directory' }>,
  settings: DirectorySettings,
  path: RequestPath,
): Mapping {
  if (found.kind === 'missing') return missingScript(found.filename);
  if (refusesPathInfo(found, settings)) return missingScript(found.filename, noPathInfo);
  const { scriptFile, scriptName, pathInfo } = scriptAt(found, path);
  return { kind: 'script', scriptFile, scriptName, pathInfo, alias };
}

/** ScriptAlias has said what runs its files, whatever sections say. */
function handlerFor(
  translation: Translation,
  { kind, filename }: Pick<FoundFile, 'kind' | 'filename'>,
  settings: DirectorySettings,
): Handler {
  // A directory has no extensions.
  if (kind === 'directory') return handlerOf(settings.handler ?? 'none', settings, settings.handlerPosition);
  const by = translation.kind === 'tree' ? translation.by : undefined;
  const ofAlias = typeof by === 'object' ? by.handler : undefined;
  return ofAlias === undefined ? selectHandler(filename, settings) : handlerOf(ofAlias, settings);
}

type Handled = Extract<FoundFile, { kind: 'file' | 'missing' }>;

/** SetHandler wsgi-script, or AddHandler for an extension of the file's name. */
function mapHandled(found: Handled, settings: DirectorySettings, path: RequestPath): Mapping {
  if (!settleOptions(settings.options).has('execcgi')) {
    return { kind: 'forbidden', filename: found.filename, reason: 'Options ExecCGI is off here' };
  }
  if (found.kind === 'missing') return missingScript(found.filename);
  if (refusesPathInfo(found, settings)) return missingScript(found.filename, noPathInfo);
  return scriptAt(found, path);
}

function scriptAt(
  { filename, pathInfo }: FoundFile & { kind: 'file' },
  path: RequestPath,
): Mapping & { kind: 'script' } {
  return {
    kind: 'script',
    scriptFile: filename,
    scriptName: findScriptName(path.merged, pathInfo),
    pathInfo,
  };
}

const noPathInfo = 'takes no path info (AcceptPathInfo Off)';

function refusesPathInfo({ pathInfo }: FoundFile & { kind: 'file' }, settings: DirectorySettings): boolean {
  return pathInfo !== '' && settings.acceptPathInfo === 'off';
}

function missingScript(filename: string, reason = 'the script file does not exist'): Mapping {
  return { kind: 'missing', filename, reason, isScript: true };
}

function missing(filename: string, reason: string): Mapping {
  return { kind: 'missing', filename, reason };
}
