import { anywhere, honoured, inModule, list } from '../definition.js';

/** What answers for a directory. */
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
]);
