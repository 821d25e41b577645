import { type BalancerUrl, parseBalancerUrl } from '../../http/index.js';
import { anywhere, flag, honoured, inModule, list, one, outsideSections, raw } from '../definition.js';
import type { BalancerDraft, Here } from '../draft.js';
import { takeCondition } from '../expression.js';
import { takeProxyUrl } from '../proxy-target.js';
import { parseInteger } from '../values.js';
import { splitWords, takeWord } from '../words.js';
import { takeBalancerParameters } from './balancer-parameters.js';
import { takeHealthParameters } from './health-parameters.js';
import { takeMemberParameters } from './member-parameters.js';

/** Several servers in the place of one. */
export const balancer = [
  ...inModule('proxy', [
    honoured(
      'BalancerMember',
      anywhere,
      raw('[balancer://name] URL [key=value …]'),
      'One of the servers behind a balancer.',
      (here, text) => addMember(here, splitWords(text)),
    ),
    honoured(
      'BalancerInherit',
      outsideSections,
      flag,
      "With ProxyPassInherit Off, too: the main server's balancers are not known in virtual hosts.",
      (here, isOn) => {
        here.server.proxying.inheritsBalancers = isOn;
      },
      'On',
    ),
  ]),
  ...inModule('proxy_hcheck', [
    honoured(
      'ProxyHCExpr',
      outsideSections,
      raw('name {expression}'),
      'What the answer to a health check has to be like (hcexpr=).',
      addHealthCondition,
    ),
    honoured(
      'ProxyHCTemplate',
      outsideSections,
      list('name [key=value …]'),
      'Parameters of health checks under one name (hctemplate=).',
      (here, [name = '', ...words]) => {
        here.server.healthTemplates.set(name, takeHealthParameters(here, words));
      },
    ),
    honoured(
      'ProxyHCTPsize',
      ['server'],
      one('number'),
      'Taken, without effect: checks need no threads here.',
      (here, text) => {
        if (parseInteger(text) === undefined) here.fail(`expected a number of threads, not '${text}'`);
      },
      '16',
    ),
  ]),
];

/** The balancer that a name stands for in the server that is being read. */
export function openBalancer({ server, place }: Here, name: string): BalancerDraft {
  const known = server.balancers.get(name);
  if (known !== undefined) return known;
  const draft: BalancerDraft = { name, position: place.position, place, members: [], parameters: {} };
  server.balancers.set(name, draft);
  return draft;
}

/** What ProxySet, <Proxy> or ProxyPass says of a balancer. */
export function noteBalancerParameters(here: Here, name: string, words: readonly string[]): void {
  const draft = openBalancer(here, name);
  draft.parameters = { ...draft.parameters, ...takeBalancerParameters(here, words) };
}

/** The balancer that something is passed on to, which may get its members later; undefined: the mistake is reported. */
export function referToBalancer(here: Here, url: string, word: string = url): BalancerUrl | undefined {
  const parsed = takeBalancerUrl(here, url, word);
  if (parsed === undefined) return undefined;
  const { directive, place, server } = here;
  here.draft.balancerReferences.push({ name: parsed.name, directive, place, word, serverId: server.id });
  return parsed;
}

/** A `balancer://` URL; undefined: it is of another kind, or the mistake is reported. */
export function takeBalancerUrl(here: Here, url: string, word: string = url): BalancerUrl | undefined {
  const parsed = parseBalancerUrl(url);
  if (parsed.kind === 'wrong') here.fail(parsed.message, { at: { word } });
  return parsed.kind === 'balancer' ? parsed : undefined;
}

function addMember(here: Here, words: readonly string[]): void {
  const isInSection = here.enclosing.length > 0;
  const name = isInSection ? nameOfSection(here) : takeNamedBalancer(here, words[0]);
  if (name === undefined) return;
  const [url, ...parameters] = isInSection ? words : words.slice(1);
  if (url === undefined) {
    here.fail('expected the URL of a server', { kind: 'argument-count', at: 'end' });
    return;
  }
  if (isInSection && /^balancer:/i.test(url)) {
    here.fail('expected no name of a balancer inside <Proxy balancer://…>', { at: { word: url } });
    return;
  }
  const address = takeProxyUrl(here, url);
  const { parameters: connections, ...settings } = takeMemberParameters(here, parameters);
  if (address === undefined) return;
  const { members } = openBalancer(here, name);
  if (members.some(({ target }) => target.url === url)) {
    here.warn('is a member already: what is said of it here has no effect (as in httpd)', {
      kind: 'declared-twice',
      at: { word: url },
    });
    return;
  }
  if (settings.check !== undefined && settings.check.method !== 'TCP' && !/^(http|ws)/.test(address.scheme)) {
    here.fail(
      `expected hcmethod=TCP: nobody can ask a ${address.scheme}:// server in HTTP whether it is well`,
      {
        kind: 'argument-refused',
      },
    );
    return;
  }
  const { proxyTargets } = here.draft;
  const { scheme } = address;
  const { place } = here;
  proxyTargets.push({
    url,
    first: {},
    own: connections,
    settled: connections,
    scheme,
    place,
    serverId: here.server.id,
    isMember: true,
  });
  members.push({
    target: { ...address, parameters: connections, isRaw: false, dropsQuery: false },
    position: place.position,
    ...settings,
  });
}

function nameOfSection(here: Here): string | undefined {
  const { head, enclosing } = here;
  if (enclosing.at(-1) === 'proxy' && head?.match.kind === 'literal') {
    const parsed = parseBalancerUrl(head.argument);
    if (parsed.kind === 'balancer') return parsed.name;
  }
  here.fail('expected it in <Proxy balancer://name>, or outside every section with balancer://name first', {
    kind: 'not-allowed-here',
    at: 'name',
  });
  return undefined;
}

function takeNamedBalancer(here: Here, url: string | undefined): string | undefined {
  if (url === undefined || !/^balancer:/i.test(url)) {
    here.fail('expected balancer://name and the URL of a server', { kind: 'argument-count' });
    return undefined;
  }
  return takeBalancerUrl(here, url)?.name;
}

/** The braces are part of the directive, not of the expression. */
function addHealthCondition(here: Here, text: string): void {
  const { word: name, rest } = takeWord(text);
  const expression = /^\{(.*)\}$/s.exec(rest.trim())?.[1] ?? takeOnlyWord(rest);
  if (name === '' || expression === undefined) {
    here.fail('takes a name and an {expression}', { kind: 'argument-count' });
    return;
  }
  const condition = takeCondition(here, expression);
  if (condition !== undefined)
    here.server.healthConditions.set(name, { name, condition, position: here.place.position });
}

/** Without braces it has to be quoted. */
function takeOnlyWord(text: string): string | undefined {
  const { word, rest } = takeWord(text.trim());
  return word === '' || rest !== '' ? undefined : word;
}
