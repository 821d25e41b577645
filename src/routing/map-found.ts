import type { DirectorySettings } from '../config/model.js';
import type { FoundFile } from './find-file.js';
import { type Handler, handlerOf, selectHandler } from './handler.js';
import type { Mapping } from './index.js';
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
): Mapping {
  if (found === undefined) return missing('', 'no alias matches and there is no DocumentRoot');
  if (found.kind === 'forbidden') return found;
  if (translation.kind === 'script') return mapScript(translation, found, settings, path);
  const handler = found.kind === 'directory' ? 'file' : handlerFor(translation, found.filename, settings);
  if (handler === 'wsgi-script') return mapHandled(found as Handled, settings, path);
  if (found.kind === 'missing') return missing(found.filename, 'no such file or directory');
  if (handler !== 'file') {
    const reason = `modhost does not run the handler ${handler.foreign}`;
    return { kind: 'forbidden', filename: found.filename, reason };
  }
  if (translation.kind !== 'tree') return missing(found.filename, 'leads nowhere');
  const { contextPrefix, contextDocumentRoot } = translation;
  const { kind, filename } = found;
  if (kind === 'directory') return { kind, filename, contextPrefix, contextDocumentRoot };
  return { kind, filename, pathInfo: found.pathInfo, contextPrefix, contextDocumentRoot };
}

function mapScript(
  { alias }: Translation & { kind: 'script' },
  found: Exclude<FoundFile, { kind: 'forbidden' }>,
  settings: DirectorySettings,
  path: RequestPath,
): Mapping {
  if (found.kind === 'missing') return missingScript(found.filename);
  if (found.kind === 'directory') {
    return {
      kind: 'forbidden',
      filename: found.filename,
      reason: 'a script is needed here, this is a directory',
    };
  }
  if (refusesPathInfo(found, settings)) return missingScript(found.filename, noPathInfo);
  const { scriptFile, scriptName, pathInfo } = scriptAt(found, path);
  return { kind: 'script', scriptFile, scriptName, pathInfo, alias };
}

/** ScriptAlias has said what runs its files, whatever sections say. */
function handlerFor(translation: Translation, filename: string, settings: DirectorySettings): Handler {
  const by = translation.kind === 'tree' ? translation.by : undefined;
  const ofAlias = typeof by === 'object' ? by.handler : undefined;
  return ofAlias === undefined ? selectHandler(filename, settings) : handlerOf(ofAlias);
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
