import { parseAddressRange } from '../../matching/index.js';
import { honoured, inModule, insideSections, list, one } from '../definition.js';
import type { Here, HostAccessDraft } from '../draft.js';
import { isHostName } from '../host-name.js';
import type { HostTest, Limited } from '../model.js';
import { chooseWord } from '../values.js';

const from = 'from all|address|host|env=[!]variable …';

/** Who may enter by where they come from: Apache 2.2's words, which most sites still use. */
export const accessCompat = inModule('access_compat', [
  honoured(
    'Order',
    insideSections,
    one('allow,deny|deny,allow|mutual-failure'),
    'Whether Allow or Deny has the last word, and what holds for everybody else.',
    (here, text) => {
      const order = chooseWord(here, text, ['allow,deny', 'deny,allow', 'mutual-failure']);
      if (order !== undefined) accessOf(here).orders.push(limited(here, order));
    },
    'deny,allow',
  ),
  honoured('Allow', insideSections, list(from), 'Who is let in.', (here, words) => {
    accessOf(here).allow.push(...readTests(here, words, 'allow'));
  }),
  honoured('Deny', insideSections, list(from), 'Who is kept out.', (here, words) => {
    accessOf(here).deny.push(...readTests(here, words, 'deny'));
  }),
  honoured(
    'Satisfy',
    insideSections,
    one('All|Any'),
    'Whether Allow and Require must both let a request in, or one of them is enough.',
    (here, text) => {
      const word = chooseWord(here, text, ['all', 'any']);
      if (word !== undefined) accessOf(here).satisfy.push(limited(here, word));
    },
    'All',
  ),
]);

/** Even a line that holds a mistake drops what outer sections say. */
function accessOf({ section }: Here): HostAccessDraft {
  section.hostAccess ??= { orders: [], satisfy: [], allow: [], deny: [] };
  return section.hostAccess;
}

function limited<Value>({ limit, place }: Here, value: Value): Limited<Value> {
  const { position } = place;
  return limit === undefined ? { value, position } : { value, limit, position };
}

function readTests(here: Here, words: readonly string[], list: 'allow' | 'deny'): Limited<HostTest>[] {
  const [first = '', ...tests] = words;
  if (first.toLowerCase() !== 'from' || tests.length === 0) {
    here.fail(
      `expected 'from' and then all, addresses, host names or env=VARIABLE, not '${words.join(' ')}'`,
    );
    return [];
  }
  return tests.flatMap((word) => {
    const test = readTest(here, word, list);
    return test === undefined ? [] : [limited(here, test)];
  });
}

function readTest(here: Here, word: string, list: 'allow' | 'deny'): HostTest | undefined {
  if (word.toLowerCase() === 'all') return { kind: 'all' };
  if (/^env=/i.test(word)) return readVariable(here, word.slice('env='.length));
  if (/^[\d.]+$|[/:]/.test(word)) {
    const range = parseAddressRange(word);
    if (range !== undefined) return { kind: 'ip', range };
    here.fail(
      `expected all, a host name, env=VARIABLE or an address such as 10.1.2.3, 10.1, 10.1.0.0/16 or 2001:db8::/32, not '${word}'`,
    );
    return undefined;
  }
  // httpd takes any other word for a host name: one that no host can have protects nothing.
  if (!isHostName(word)) {
    const message = `'${word}' is neither an address nor the name of a host: it matches nobody`;
    if (list === 'allow') here.warn(message, { kind: 'argument-doubtful', at: { word } });
    else here.fail(message, { at: { word } });
  }
  return { kind: 'host', domain: word };
}

function readVariable(here: Here, text: string): HostTest | undefined {
  const negated = text.startsWith('!');
  const variable = negated ? text.slice(1) : text;
  if (variable !== '') return { kind: 'env', variable, negated };
  here.fail('expected the name of a variable behind env=');
  return undefined;
}
