import type { DirectorySettings } from '../config/model.js';
import { extensionsOf } from '../http/index.js';

/** What answers for a file. `foreign`: a handler that modhost does not run, so that the file must not be shown. */
export type Handler = 'wsgi-script' | 'file' | { readonly foreign: string };

/** SetHandler, else AddHandler for one of the file's extensions, of which the last one counts. */
export function selectHandler(filename: string, settings: DirectorySettings): Handler {
  const { handler, extensions } = settings;
  if (handler !== undefined && handler !== 'none') return handlerOf(handler);
  if (extensions === undefined) return 'file';
  const chosen = extensionsOf(filename)
    .map((extension) => extensions.get(extension)?.handler)
    .findLast((found) => found);
  return handlerOf(chosen ?? 'none');
}

/** By its name in SetHandler, AddHandler and ScriptAlias. */
export function handlerOf(name: string): Handler {
  if (name === 'wsgi-script') return name;
  return name === 'default-handler' || name === 'none' ? 'file' : { foreign: name };
}
