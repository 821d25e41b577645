import { anywhere, honoured, inModule, list, one } from '../definition.js';
import type { Here } from '../draft.js';
import type { DirectorySettings } from '../model.js';
import { addExtensions, removeExtensions } from './extensions.js';

type Handler = NonNullable<DirectorySettings['handler']>;

/** What answers a request, apart from where it is mapped to. */
export const handler = [
  ...inModule('core', [
    honoured(
      'SetHandler',
      anywhere,
      one('None|wsgi-script|default-handler'),
      'What answers the requests of a section.',
      (here, name) => {
        if (pageHandlers.has(name.toLowerCase())) {
          here.warn(`has no effect in modhost: there is no ${name} page`, { kind: 'argument-no-effect' });
          return;
        }
        const found = takeHandler(here, name);
        if (found !== undefined) here.section.settings.handler = found;
      },
    ),
  ]),
  ...inModule('mime', [
    honoured(
      'AddHandler',
      anywhere,
      list('wsgi-script|default-handler extension …'),
      'What answers for files with an extension.',
      (here, [name = '', ...extensions]) => {
        const found = takeHandler(here, name);
        if (found !== undefined) addExtensions(here, extensions, { handler: found });
      },
    ),
    honoured('RemoveHandler', anywhere, list('extension …'), 'Takes AddHandler back.', (here, extensions) =>
      removeExtensions(here, extensions, 'handler'),
    ),
  ]),
];

/** Status pages that are not there: the path is mapped as if nothing had been said. */
const pageHandlers = new Set([
  'server-status',
  'server-info',
  'balancer-manager',
  'ldap-status',
  'md-status',
]);

/** The media type by which mod_wsgi knows its scripts is the name of its handler, too. */
export const wsgiType = 'application/x-httpd-wsgi';

function takeHandler(here: Here, name: string): Handler | undefined {
  const lower = name.toLowerCase();
  if (lower === 'none' || lower === 'default-handler' || lower === 'wsgi-script') return lower;
  if (lower === wsgiType) return 'wsgi-script';
  // Serving the file instead could show the source of a script.
  here.fail(`expected wsgi-script, default-handler or None; the handler '${name}' is not supported`, {
    kind: 'argument-refused',
  });
  return undefined;
}
