import type { DirectorySettings, ExtensionSettings, HandlerScript, Position } from '../config/model.js';
import { extensionsOf } from '../http/index.js';

/** What answers for a file. `foreign`: a handler that modhost does not run, so that the file must not be shown. */
export type Handler = 'wsgi-script' | 'file' | NamedScript | ServerHandler | { readonly foreign: string };

/** A WSGIHandlerScript, and the name by which it was chosen, in lower case. */
export interface NamedScript {
  readonly name: string;
  readonly script: HandlerScript;
}

/** `proxy:` and a URL: another server answers. */
export interface ServerHandler {
  readonly server: string;
  readonly position: Position;
}

/** SetHandler, else AddHandler for one of the file's extensions, of which the last one counts. */
export function selectHandler(filename: string, settings: DirectorySettings): Handler {
  const { handler, handlerPosition, extensions } = settings;
  if (handler !== undefined && handler !== 'none') return handlerOf(handler, settings, handlerPosition);
  if (extensions === undefined) return 'file';
  const chosen = extensionsOf(filename)
    .map((extension) => extensions.get(extension))
    .findLast((found): found is ExtensionSettings & { handler: string } => !!found?.handler);
  return handlerOf(chosen?.handler ?? 'none', settings, chosen?.handlerPosition);
}

/** By its name in SetHandler, AddHandler and ScriptAlias. `position`: of SetHandler or AddHandler. */
export function handlerOf(name: string, { handlerScripts }: DirectorySettings, position?: Position): Handler {
  if (name === 'wsgi-script') return name;
  if (name === 'default-handler' || name === 'none') return 'file';
  if (name.startsWith('proxy:') && position !== undefined) return { server: name, position };
  const script = handlerScripts?.get(name);
  return script === undefined ? { foreign: name } : { name, script };
}

/** Undefined for everything else that may answer. */
export function namedScriptOf(handler: Handler): NamedScript | undefined {
  return typeof handler === 'object' && 'script' in handler ? handler : undefined;
}

/** Undefined for everything else that may answer. */
export function serverOf(handler: Handler): ServerHandler | undefined {
  return typeof handler === 'object' && 'server' in handler ? handler : undefined;
}
