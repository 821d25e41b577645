import type { DirectorySettings } from '../config/model.js';
import { extensionsOf } from '../http/index.js';

/** What answers for a file: SetHandler, else AddHandler for one of its extensions, of which the last one counts. */
export function selectHandler(filename: string, settings: DirectorySettings): 'wsgi-script' | 'file' {
  const { handler, extensions } = settings;
  if (handler === 'wsgi-script') return 'wsgi-script';
  if (handler === 'default-handler' || extensions === undefined) return 'file';
  const chosen = extensionsOf(filename)
    .map((extension) => extensions.get(extension)?.handler)
    .findLast((found) => found);
  return chosen === 'wsgi-script' ? 'wsgi-script' : 'file';
}
