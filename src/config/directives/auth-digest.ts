import { type Definition, flag, honoured, inModule, insideSections, list, one } from '../definition.js';
import type { Here } from '../draft.js';
import { chooseWord } from '../values.js';
import { addProviders } from './auth-providers.js';

/** AuthType Digest. */
export const authDigest: readonly Definition[] = inModule('auth_digest', [
  honoured(
    'AuthDigestProvider',
    insideSections,
    list('file|wsgi|alias …'),
    'Who knows the digests of passwords, in the order of asking.',
    (here, names) => addProviders(here, 'authDigestProviders', names),
    'file',
  ),
  honoured(
    'AuthDigestAlgorithm',
    insideSections,
    one('MD5|SHA-256'),
    'How digests are made; what is stored has to be made in the same way.',
    setAlgorithm,
    'MD5',
  ),
  honoured(
    'AuthDigestQop',
    insideSections,
    list('auth'),
    'What digests protect: the request line.',
    (here, words) => {
      if (words.length !== 1 || words[0]?.toLowerCase() !== 'auth')
        here.fail('expected auth: without it, or with auth-int, nobody can log in (as in Apache)', {
          kind: 'argument-refused',
        });
    },
    'auth',
  ),
  honoured(
    'AuthDigestDomain',
    insideSections,
    list('URI …'),
    'Where else the same name and password are good.',
    (here, uris) => {
      const bad = uris.find((uri) => /["\\\x00-\x20\x7f]/.test(uri));
      if (bad === undefined) here.section.settings.authDigestDomain = uris;
      else here.fail(`expected paths or URLs, not '${bad}'`, { at: { word: bad } });
    },
  ),
  honoured(
    'AuthDigestNonceLifetime',
    insideSections,
    one('seconds'),
    'How long a client may use one nonce; a negative number: for ever.',
    setNonceLifetime,
    '300',
  ),
  honoured(
    'AuthDigestNcCheck',
    insideSections,
    flag,
    'Whether each front end takes every request of a client only once, so that nobody can repeat one that was overheard.',
    (here, on) => {
      here.section.settings.authDigestCountsRequests = on;
    },
    'Off',
  ),
]);

function setAlgorithm(here: Here, text: string): void {
  if (/-sess$/i.test(text)) {
    here.fail(`expected MD5 or SHA-256: ${text} is not supported (nor is it in Apache)`, {
      kind: 'argument-refused',
    });
    return;
  }
  const word = chooseWord(here, text, ['md5', 'sha-256']);
  if (word !== undefined) here.section.settings.authDigestAlgorithm = word === 'md5' ? 'MD5' : 'SHA-256';
}

function setNonceLifetime(here: Here, text: string): void {
  if (!/^-?\d{1,9}$/.test(text)) here.fail(`expected a number of seconds, not '${text}'`);
  else if (Number(text) === 0)
    here.fail('nonces that are good for one request only are not supported; expected at least 1', {
      kind: 'argument-refused',
    });
  else here.section.settings.authDigestNonceLifetimeMs = Number(text) * 1000;
}
