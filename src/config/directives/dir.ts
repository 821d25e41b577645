import { anywhere, flag, honoured, inModule, list, one } from '../definition.js';
import type { Here } from '../draft.js';
import { growList } from '../grow-setting.js';

/** What answers for a directory, and for what is not there. */
export const dir = inModule('dir', [
  honoured(
    'DirectoryIndex',
    anywhere,
    list('disabled|name …'),
    'Files that answer for a directory.',
    (here, names) => {
      if (!names.every((name) => isPlain(here, name))) return;
      // Several lines of one section add up; `disabled` alone starts again with nothing.
      const isDisabled = names.length === 1 && names[0]?.toLowerCase() === 'disabled';
      const { settings } = here.section;
      settings.directoryIndex = isDisabled
        ? []
        : growList(here, 'directoryIndex', settings.directoryIndex, names);
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
      else if (!isDisabled && !isPlain(here, path)) return;
      else here.section.settings.fallbackResource = isDisabled ? '' : path;
    },
    'disabled',
  ),
  honoured(
    'DirectoryIndexRedirect',
    anywhere,
    one('On|Off|permanent|temp|seeother|3xx'),
    'Whether the client is sent to the index of a directory, and with which status.',
    (here, text) => {
      const status =
        redirectStatuses.get(text.toLowerCase()) ?? (/^3\d\d$/.test(text) ? Number(text) : undefined);
      if (status === undefined)
        here.fail(`expected On, Off, permanent, temp, seeother or a status from 300 to 399, not '${text}'`);
      else here.section.settings.directoryIndexRedirect = status;
    },
    'Off',
  ),
]);

const redirectStatuses = new Map([
  ['off', 0],
  ['on', 302],
  ['temp', 302],
  ['permanent', 301],
  ['seeother', 303],
]);

/** It becomes a path as it is: what a request may not bring must not come from here. */
function isPlain(here: Here, path: string): boolean {
  if (!/[?#]|\/\/|(?:^|\/)\.\.?(?:\/|$)/.test(path)) return true;
  here.fail(`expected a path without query, empty segments, '.' and '..', not '${path}'`);
  return false;
}
