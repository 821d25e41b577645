import { anywhere, flag, honoured, inModule, list, one } from '../definition.js';

/** What answers for a directory, and for what is not there. */
export const dir = inModule('dir', [
  honoured(
    'DirectoryIndex',
    anywhere,
    list('disabled|name …'),
    'Files that answer for a directory.',
    (here, names) => {
      // Several lines of one section add up; `disabled` alone starts again with nothing.
      const isDisabled = names.length === 1 && names[0]?.toLowerCase() === 'disabled';
      const before = here.section.settings.directoryIndex ?? [];
      here.section.settings.directoryIndex = isDisabled ? [] : [...before, ...names];
    },
    'index.html',
  ),
  honoured(
    'DirectorySlash',
    anywhere,
    flag,
    'Whether a directory is answered with a redirect to its path with a slash.',
    (here, on) => {
      here.section.settings.directorySlash = on;
    },
    'On',
  ),
  honoured(
    'FallbackResource',
    anywhere,
    one('disabled|/path'),
    'The path that answers for what is not there.',
    (here, path) => {
      const isDisabled = path.toLowerCase() === 'disabled';
      if (!isDisabled && !path.startsWith('/'))
        here.fail(`expected disabled or a path that begins with '/', not '${path}'`);
      else here.section.settings.fallbackResource = isDisabled ? '' : path;
    },
    'disabled',
  ),
]);
