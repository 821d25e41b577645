import { parseBalancerUrl } from '../../http/index.js';
import { anywhere, honoured, inModule, list, one } from '../definition.js';
import type { Here } from '../draft.js';
import { findNearest } from '../nearest-name.js';
import { takeProxyUrl } from '../proxy-target.js';
import { referToBalancer } from './balancer.js';
import { addExtensions, removeExtensions } from './extensions.js';
import { expectHandler, ownHandlers } from './handler-script.js';

/** What answers a request, apart from where it is mapped to. */
export const handler = [
  ...inModule('core', [
    honoured(
      'SetHandler',
      anywhere,
      one('None|wsgi-script|default-handler|name|proxy:URL'),
      'What answers the requests of a section.',
      (here, name) => {
        if (pageHandlers.has(name.toLowerCase())) {
          here.warn(`has no effect in modhost: there is no ${name} page`, { kind: 'argument-no-effect' });
          return;
        }
        const found = takeHandler(here, name);
        if (found === undefined) return;
        here.section.settings.handler = found;
        here.section.settings.handlerPosition = here.place.position;
      },
    ),
  ]),
  ...inModule('mime', [
    honoured(
      'AddHandler',
      anywhere,
      list('wsgi-script|default-handler|name|proxy:URL extension …'),
      'What answers for files with an extension.',
      (here, [name = '', ...extensions]) => {
        const found = takeHandler(here, name);
        if (found !== undefined)
          addExtensions(here, extensions, { handler: found, handlerPosition: here.place.position });
      },
    ),
    honoured('RemoveHandler', anywhere, list('extension …'), 'Takes AddHandler back.', (here, extensions) =>
      removeExtensions(here, extensions, 'handler'),
    ),
  ]),
];

/** Names that people write and mean. */
const foreignHandlers =
  /^(cgi|fcgid|fastcgi|perl|php\d?|lua)-script$|^(send-as-is|imap-file|type-map|server-parsed|isapi-handler|mod_python|python-program)$|\//;

/** Requests that such a handler would answer are refused: nothing of its files is shown. */
export function warnOfForeignHandler(here: Here, name: string): void {
  const instead =
    name.toLowerCase() === 'balancer-manager' ? '; modhost status shows members of balancers' : '';
  expectHandler(here, name, () =>
    here.warn(`modhost does not run '${name}': what it would answer is refused with 403${instead}`, {
      kind: 'argument-no-effect',
      at: { word: name },
    }),
  );
}

/** Status pages that are not there: the path is mapped as if nothing had been said. */
const pageHandlers = new Set(['server-status', 'server-info', 'ldap-status', 'md-status']);

/** The media type by which mod_wsgi knows its scripts is the name of its handler, too. */
export const wsgiType = 'application/x-httpd-wsgi';

/** One that modhost does not run is kept: serving the file instead could show the source of a program. */
function takeHandler(here: Here, name: string): string | undefined {
  const lower = name.toLowerCase();
  if (ownHandlers.includes(lower)) return lower;
  if (lower === wsgiType) return 'wsgi-script';
  if (lower.startsWith('proxy:')) return takeServerHandler(here, name);
  const suggestion = foreignHandlers.test(lower) ? undefined : findNearest(lower, ownHandlers);
  if (suggestion === undefined) warnOfForeignHandler(here, name);
  else
    expectHandler(here, name, () =>
      here.fail(
        `expected wsgi-script, default-handler, None or the name of a WSGIHandlerScript, not '${name}'`,
        {
          suggestion,
        },
      ),
    );
  return lower;
}

/** Another server answers: the URL keeps its case. */
export function takeServerHandler(here: Here, name: string): string | undefined {
  const url = name.slice('proxy:'.length);
  if (url.includes('%{')) {
    here.fail('not supported yet: an expression in the URL of a handler', {
      kind: 'argument-refused',
      at: { word: name },
    });
    return undefined;
  }
  const isBalancer = parseBalancerUrl(url).kind !== 'other';
  const found = isBalancer ? referToBalancer(here, url, name) : takeProxyUrl(here, url, name);
  return found === undefined ? undefined : `proxy:${url}`;
}
