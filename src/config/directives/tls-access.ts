import { anywhere, honoured, inModule, insideSections, list, one, raw } from '../definition.js';
import type { Here } from '../draft.js';
import { takeCondition } from '../expression.js';
import type { TlsAccess } from '../model.js';
import { translateSslRequire } from '../ssl-require.js';
import { chooseWord, listWords, takeInteger } from '../values.js';

/** TLS: what a request has to come with, and what is told about it. */
export const tlsAccess = inModule('ssl', [
  honoured(
    'SSLVerifyClient',
    anywhere,
    one('None|Optional|Require|Optional_No_CA'),
    'Whether clients need a certificate. In sections, requests without one are answered 403.',
    (here, text) => {
      const mode = chooseWord(here, text, ['none', 'optional', 'require', 'optional_no_ca']);
      if (mode === undefined) return;
      if (here.enclosing.length === 0) here.server.tls.verifyClient = mode;
      else say(here, { verifyClient: { mode, position: here.place.position } });
    },
    'None',
  ),
  honoured(
    'SSLVerifyDepth',
    anywhere,
    one('count'),
    'Most authorities between the certificate of a client and one that is believed, that one included.',
    (here, text) => {
      const depth = takeInteger(here, text);
      if (depth === undefined) return;
      if (here.enclosing.length === 0) here.server.tls.verifyDepth = depth;
      else say(here, { verifyDepth: depth });
    },
    '1',
  ),
  honoured('SSLRequireSSL', insideSections, raw(''), 'Answers 403 to requests without TLS.', (here, text) => {
    if (text !== '') here.fail('takes no arguments', { kind: 'argument-count' });
    else say(here, { requireTls: here.place.position });
  }),
  honoured(
    'SSLRequire',
    insideSections,
    raw('expression'),
    'Answers 403 to requests for which the expression does not hold; Require expr is its successor.',
    addRequirement,
  ),
  honoured(
    'SSLOptions',
    anywhere,
    list('[+|-]option …'),
    'StdEnvVars, ExportCertData: what applications are told. FakeBasicAuth: certificates as logins. LegacyDNStringFormat.',
    setOptions,
  ),
  honoured(
    'SSLUserName',
    anywhere,
    one('variable'),
    'Whose value becomes REMOTE_USER, such as SSL_CLIENT_S_DN_CN.',
    (here, name) => {
      if (!/^SSL_CLIENT_[A-Za-z0-9_]+$/.test(name))
        here.fail(`expected a variable SSL_CLIENT_…, not '${name}'`);
      else say(here, { userName: name });
    },
  ),
  honoured(
    'SSLRenegBufferSize',
    insideSections,
    one('bytes'),
    'Nothing is renegotiated, so nothing has to be kept meanwhile.',
    (here, text) => {
      takeInteger(here, text);
    },
  ),
]);

function say(here: Here, said: TlsAccess): void {
  here.section.settings.tls = { ...here.section.settings.tls, ...said };
}

function addRequirement(here: Here, text: string): void {
  const translated = translateSslRequire(text);
  if (translated.kind === 'wrong') {
    here.fail(translated.message, { kind: 'expression', at: { word: translated.word } });
    return;
  }
  const condition = takeCondition(here, translated.text);
  if (condition === undefined) return;
  const requirements = here.section.settings.tls?.requirements ?? [];
  say(here, { requirements: [...requirements, { condition, text, position: here.place.position }] });
}

const optionNames = [
  'StdEnvVars',
  'ExportCertData',
  'FakeBasicAuth',
  'StrictRequire',
  'LegacyDNStringFormat',
  'OptRenegotiate',
];

/** As Options: the words replace what was inherited, or each has a sign and changes it. */
function setOptions(here: Here, words: readonly string[]): void {
  const before = here.section.settings.tls?.options;
  let isAbsolute = before?.absolute === true;
  const add = new Set(before?.add);
  const remove = new Set(before?.remove);
  let hasReplaced = false;
  for (const word of words) {
    const sign = /^[+-]/.exec(word)?.[0];
    const option = optionNames.find(
      (known) => known.toLowerCase() === word.replace(/^[+-]/, '').toLowerCase(),
    );
    if (option === undefined) {
      here.fail(`expected ${listWords(optionNames)}, not '${word}'`);
      continue;
    }
    if (sign === undefined && !hasReplaced) {
      add.clear();
      remove.clear();
      isAbsolute = true;
      hasReplaced = true;
    }
    const [gains, loses] = sign === '-' ? [remove, add] : [add, remove];
    gains.add(option.toLowerCase());
    loses.delete(option.toLowerCase());
  }
  say(here, { options: { absolute: isAbsolute, add, remove } });
}
