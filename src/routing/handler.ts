import type { DirectorySettings, HandlerScript } from '../config/model.js';
import { extensionsOf } from '../http/index.js';

/** What answers for a file. `foreign`: a handler that modhost does not run, so that the file must not be shown. */
export type Handler = 'wsgi-script' | 'file' | NamedScript | { readonly foreign: string };

/** A WSGIHandlerScript, and the name by which it was chosen, in lower case. */
export interface NamedScript {
  readonly name: string;
  readonly script: HandlerScript;
}

/** SetHandler, else AddHandler for one of the file's extensions, of which the last one counts. */
export function selectHandler(filename: string, settings: DirectorySettings): Handler {
  const { handler, extensions } = settings;
  if (handler !== undefined && handler !== 'none') return handlerOf(handler, settings);
  if (extensions === undefined) return 'file';
  const chosen = extensionsOf(filename)
    .map((extension) => extensions.get(extension)?.handler)
    .findLast((found) => found);
  return handlerOf(chosen ?? 'none', settings);
}

/** By its name in SetHandler, AddHandler and ScriptAlias. */
export function handlerOf(name: string, { handlerScripts }: DirectorySettings): Handler {
  if (name === 'wsgi-script') return name;
  if (name === 'default-handler' || name === 'none') return 'file';
  const script = handlerScripts?.get(name);
  return script === undefined ? { foreign: name } : { name, script };
}

/** Undefined for everything else that may answer. */
export function namedScriptOf(handler: Handler): NamedScript | undefined {
  return typeof handler === 'object' && 'script' in handler ? handler : undefined;
}
