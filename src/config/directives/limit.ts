import { honouredSection, inModule, insideSections } from '../definition.js';
import type { Here, Scope } from '../draft.js';
import { knownMethods, withoutHead } from '../methods.js';
import { findNearest } from '../nearest-name.js';
import { splitWords } from '../words.js';

/** Access rules for some methods only. Everything else that stands in them is about all methods, as in httpd. */
export const limit = inModule('core', [
  honouredSection(
    '<Limit',
    insideSections,
    'method …',
    'Access rules of some methods. All others are as if it were not there.',
    (here, text, walk) => openLimit(here, text, walk, false),
  ),
  honouredSection(
    '<LimitExcept',
    insideSections,
    'method …',
    'Access rules of all methods but these.',
    (here, text, walk) => openLimit(here, text, walk, true),
  ),
]);

function openLimit(here: Here, text: string, walk: (scope: Scope) => void, except: boolean): void {
  const methods = splitWords(text);
  if (methods.length === 0)
    here.fail('expected one or more methods, such as POST', { kind: 'argument-count' });
  if (!except && methods.includes('TRACE'))
    here.fail('TRACE is answered before anybody is asked for anything: expected TraceEnable Off');
  for (const method of methods) if (!knownMethods.includes(method)) warnOfUnknown(here, method, except);
  walk({ ...here, limit: { except, methods: withoutHead(methods) } });
}

function warnOfUnknown(here: Here, method: string, except: boolean): void {
  const effect = except ? 'excepts no request' : 'protects nothing';
  here.warn(`there is no method '${method}' (upper and lower case differ), so it ${effect}`, {
    kind: except ? 'argument-doubtful' : 'open-in-effect',
    suggestion: findNearest(method, knownMethods),
  });
}
