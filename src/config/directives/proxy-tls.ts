import { readFileSync } from 'node:fs';
import { anywhere, flag, honoured, inModule, list, one, oneOrTwo } from '../definition.js';
import type { Here } from '../draft.js';
import type { ProxyTlsSettings, TlsVersion } from '../model.js';
import { chooseWord, resolvePath, takeInteger } from '../values.js';

/** TLS to the servers that requests are passed on to. */
export const proxyTls = inModule('ssl', [
  honoured(
    'SSLProxyEngine',
    anywhere,
    flag,
    'TLS for https:// and wss:// of ProxyPass.',
    (here, isOn) => {
      set(here, { isOn });
      if (isOn) here.draft.serversWithProxyTls.add(here.server.id);
    },
    'Off',
  ),
  honoured(
    'SSLProxyVerify',
    anywhere,
    one('none|optional|require|optional_no_ca'),
    'Whether the certificate of the other server has to come from an authority that is trusted.',
    (here, text) => {
      const verify = chooseWord(here, text, ['none', 'optional', 'require', 'optional_no_ca'] as const);
      if (verify !== undefined) set(here, { verify });
    },
    'none',
  ),
  honoured(
    'SSLProxyVerifyDepth',
    anywhere,
    one('number'),
    'How long the chain of certificates may be.',
    (here, text) => {
      const depth = takeInteger(here, text, 0, 100);
      if (depth !== undefined) set(here, { depth });
    },
    '1',
  ),
  honoured(
    'SSLProxyCheckPeerName',
    anywhere,
    flag,
    'Whether the certificate has to bear the name of the other server.',
    (here, checksName) => set(here, { checksName }),
    'On',
  ),
  honoured(
    'SSLProxyCheckPeerCN',
    anywhere,
    flag,
    'As SSLProxyCheckPeerName, where that is not said.',
    (here, checksName) => {
      if (here.section.settings.proxyTls?.checksName === undefined && checksName) set(here, { checksName });
    },
    'On',
  ),
  honoured(
    'SSLProxyCheckPeerExpire',
    anywhere,
    flag,
    'Whether the certificate must not have expired.',
    (here, checksExpiry) => set(here, { checksExpiry }),
    'On',
  ),
  honoured(
    'SSLProxyCACertificateFile',
    anywhere,
    one('file'),
    'The authorities that are trusted, in PEM.',
    (here, file) => {
      const authorities = readPem(here, file, /-----BEGIN (TRUSTED )?CERTIFICATE-----/, 'certificates');
      if (authorities !== undefined) set(here, { authorities });
    },
  ),
  honoured(
    'SSLProxyMachineCertificateFile',
    anywhere,
    one('file'),
    'The certificate and the key that the other server is shown, in PEM.',
    (here, file) => {
      const identity = readPem(here, file, /-----BEGIN [A-Z ]*PRIVATE KEY-----/, 'a certificate and its key');
      if (identity !== undefined) set(here, { identity });
    },
  ),
  honoured(
    'SSLProxyCipherSuite',
    anywhere,
    oneOrTwo('[protocol] ciphers'),
    'The ciphers that may be used, in the words of OpenSSL.',
    (here, first, second) => {
      if (second !== undefined && first.toUpperCase() !== 'SSL')
        here.fail(`ciphers of ${first} alone cannot be chosen here`, { kind: 'argument-refused' });
      else set(here, { ciphers: second ?? first });
    },
  ),
  honoured(
    'SSLProxyProtocol',
    anywhere,
    list('[+|-]protocol …'),
    'The versions of TLS that may be used.',
    setProtocols,
    'all -SSLv3',
  ),
]);

const versions: readonly TlsVersion[] = ['TLSv1', 'TLSv1.1', 'TLSv1.2', 'TLSv1.3'];

/** The versions that are left have to be next to each other: a range is all that can be asked for. */
function setProtocols(here: Here, words: readonly string[]): void {
  let wanted = new Set<TlsVersion>();
  for (const word of words) {
    const [, sign = '', name = ''] = /^([+-]?)(.*)$/.exec(word) ?? [];
    const chosen = chooseWord(here, name, ['all', 'SSLv3', ...versions] as const);
    if (chosen === undefined) return;
    if (chosen === 'SSLv3') continue;
    const meant = chosen === 'all' ? versions : [chosen];
    if (sign === '-') for (const version of meant) wanted.delete(version);
    else wanted = new Set(sign === '' ? meant : [...wanted, ...meant]);
  }
  const kept = versions.filter((version) => wanted.has(version));
  const [first] = kept;
  const last = kept.at(-1);
  if (first === undefined || last === undefined) {
    here.fail('leaves no version of TLS');
    return;
  }
  if (versions.indexOf(last) - versions.indexOf(first) !== kept.length - 1)
    here.fail('versions with a gap between them cannot be chosen here', { kind: 'argument-refused' });
  else set(here, { minVersion: first, maxVersion: last });
}

/** Read at once: the front ends may not be allowed to. */
function readPem(here: Here, file: string, needed: RegExp, what: string): string | undefined {
  try {
    const text = readFileSync(resolvePath(here, file), 'utf8');
    if (needed.test(text)) return text;
    here.fail(`expected a file with ${what} in PEM, not '${file}'`);
  } catch (error) {
    here.fail(`cannot read '${file}': ${(error as Error).message}`);
  }
  return undefined;
}

function set({ section: { settings } }: Here, said: ProxyTlsSettings): void {
  settings.proxyTls = { ...settings.proxyTls, ...said };
}
