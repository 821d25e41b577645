import {
  type ArgumentShape,
  anywhere,
  flag,
  honoured,
  inModule,
  mainServerOnly,
  one,
  oneOrTwo,
  outsideSections,
} from '../definition.js';
import type { Here } from '../draft.js';
import type { NamedPath, TlsProtocol } from '../model.js';
import { findNearest } from '../nearest-name.js';
import { statPath } from '../stat-path.js';
import { chooseWord, listWords, resolvePath, takeInteger } from '../values.js';
import { splitWords } from '../words.js';

/** TLS: which virtual hosts speak it, with which certificates, and how. */
export const tls = inModule('ssl', [
  honoured(
    'SSLEngine',
    outsideSections,
    one('On|Off'),
    'Whether the virtual host speaks TLS.',
    (here, text) => {
      if (text.toLowerCase() === 'optional')
        return here.fail('optional is not supported: no client asks a server to begin TLS later', {
          kind: 'argument-refused',
        });
      const word = chooseWord(here, text, ['on', 'off']);
      if (word !== undefined) here.server.tls.engine = { on: word === 'on', position: here.place.position };
      return undefined;
    },
    'Off',
  ),
  honoured(
    'SSLCertificateFile',
    outsideSections,
    one('file'),
    'The certificate, and behind it those that lead to its authority; once for each kind of key.',
    (here, path) => {
      const file = takeFile(here, path);
      if (file !== undefined)
        here.server.tls.certificateFiles = [...(here.server.tls.certificateFiles ?? []), file];
    },
  ),
  honoured(
    'SSLCertificateKeyFile',
    outsideSections,
    one('file'),
    'The private key; absent: in the file of the certificate. Only whoever starts modhost needs to be able to read it.',
    (here, path) => {
      const file = takeFile(here, path);
      if (file !== undefined) here.server.tls.keyFiles = [...(here.server.tls.keyFiles ?? []), file];
    },
  ),
  fileOf('SSLCertificateChainFile', outsideSections, 'chainFile', 'Certificates that lead to the authority.'),
  fileOf(
    'SSLCACertificateFile',
    anywhere,
    'authorityFile',
    'Authorities whose client certificates are believed.',
  ),
  folderOf(
    'SSLCACertificatePath',
    anywhere,
    'authorityPath',
    'The same, as a directory made by openssl rehash.',
  ),
  fileOf('SSLCARevocationFile', outsideSections, 'revocationFile', 'Client certificates that count no more.'),
  folderOf(
    'SSLCARevocationPath',
    outsideSections,
    'revocationPath',
    'The same, as a directory made by openssl rehash.',
  ),
  honoured(
    'SSLCARevocationCheck',
    outsideSections,
    oneOrTwo('Chain|Leaf|None'),
    'Whether the lists are asked; leaf is taken for chain.',
    (here, text, option) => {
      if (option !== undefined)
        return here.fail(`'${option}' is not supported: a certificate without a list is refused`, {
          kind: 'argument-refused',
        });
      const word = chooseWord(here, text, ['chain', 'leaf', 'none']);
      if (word !== undefined) here.server.tls.checksRevocation = word !== 'none';
      return undefined;
    },
    'Chain where a list is named',
  ),
  honoured(
    'SSLProtocol',
    outsideSections,
    words('[+|-]protocol …'),
    'Versions of TLS.',
    setProtocols,
    'TLSv1.2 and TLSv1.3',
  ),
  honoured(
    'SSLCipherSuite',
    anywhere,
    oneOrTwo('[SSL|TLSv1.3] ciphers'),
    "Ciphers, in OpenSSL's language.",
    setCiphers,
    'DEFAULT',
  ),
  honoured(
    'SSLHonorCipherOrder',
    outsideSections,
    flag,
    "Whether the server's order of ciphers counts.",
    (here, on) => {
      here.server.tls.honorCipherOrder = on;
    },
    'Off',
  ),
  honoured(
    'SSLCompression',
    outsideSections,
    flag,
    'Never: compressed secrets can be guessed.',
    (here, on) => {
      if (on)
        here.warn('TLS is never compressed here: it would betray secrets', { kind: 'argument-no-effect' });
    },
    'Off',
  ),
  honoured(
    'SSLSessionTickets',
    outsideSections,
    flag,
    'Whether clients can resume a session; never where client certificates are asked for.',
    (here, on) => {
      here.server.tls.sessionTickets = on;
    },
    'On',
  ),
  honoured(
    'SSLSessionCacheTimeout',
    outsideSections,
    one('seconds'),
    'How long a session can be resumed.',
    (here, text) => {
      const seconds = takeInteger(here, text);
      if (seconds !== undefined) here.server.tls.sessionTimeoutSeconds = seconds;
    },
    '300',
  ),
  honoured(
    'SSLStrictSNIVHostCheck',
    outsideSections,
    flag,
    'Whether clients that name no host in the handshake are refused.',
    (here, on) => {
      here.server.tls.strictSni = on;
    },
    'Off',
  ),
  honoured(
    'SSLVHostSNIPolicy',
    mainServerOnly,
    one('Strict|Secure|AuthOnly|Insecure'),
    'How alike hosts must be for one connection to serve them.',
    (here, text) => {
      const word = chooseWord(here, text, ['strict', 'secure', 'authonly', 'insecure']);
      if (word === 'insecure')
        here.fail('insecure is not supported: it lets requests around client certificates', {
          kind: 'argument-refused',
        });
      else if (word !== undefined) here.draft.mainServer.tls.sniPolicy = word;
    },
    'Secure',
  ),
  honoured(
    'SSLInsecureRenegotiation',
    outsideSections,
    flag,
    'Never: nobody can renegotiate here.',
    (here, on) => {
      if (on)
        here.warn('connections are never renegotiated here, in whatever way', { kind: 'argument-no-effect' });
    },
    'Off',
  ),
  honoured(
    'SSLPassPhraseDialog',
    mainServerOnly,
    one('builtin|exec:program'),
    'A program that prints the password of an encrypted key: called with host:port and the kind of key.',
    setPassPhraseDialog,
    'builtin',
  ),
]);

function fileOf(
  name: string,
  contexts: typeof anywhere,
  member: 'chainFile' | 'authorityFile' | 'revocationFile',
  doc: string,
) {
  return honoured(name, contexts, one('file'), doc, (here, path) => {
    // A .htaccess file is read when the handshake is long over.
    if (here.draft.htaccess !== undefined && refuseInSections(here)) return;
    const file = takeFile(here, path);
    if (file === undefined) return;
    if (here.enclosing.length === 0) here.server.tls[member] = file;
    else here.server.tls.sectionAuthorities = [...(here.server.tls.sectionAuthorities ?? []), file];
  });
}

function folderOf(
  name: string,
  contexts: typeof anywhere,
  member: 'authorityPath' | 'revocationPath',
  doc: string,
) {
  return honoured(name, contexts, one('directory'), doc, (here, text) => {
    if (refuseInSections(here)) return;
    const path = resolvePath(here, text);
    if (isMissing(path, 'directory'))
      here.fail(`expected a directory that exists, not ${path}`, { kind: 'no-such-directory' });
    else here.server.tls[member] = { path, position: here.place.position, directive: here.directive };
  });
}

/** What would need another handshake in the middle of a connection. */
function refuseInSections(here: Here): boolean {
  if (here.enclosing.length === 0) return false;
  here.fail('is not supported in sections: a connection has one handshake, before any path is known', {
    kind: 'argument-refused',
    at: 'name',
  });
  return true;
}

function takeFile(here: Here, text: string): NamedPath | undefined {
  const path = resolvePath(here, text);
  if (isMissing(path, 'file')) {
    here.fail(`expected a file that exists and is not empty, not ${path}`, { kind: 'tls-file-missing' });
    return undefined;
  }
  return { path, position: here.place.position, directive: here.directive };
}

/** What may only not be seen by this account, as keys often are, is looked for when it is needed. */
function isMissing(path: string, kind: 'file' | 'directory'): boolean {
  const found = statPath(path);
  if (found === undefined) return !isHidden(path);
  return kind === 'file' ? found.isDirectory() || found.size === 0 : !found.isDirectory();
}

function isHidden(path: string): boolean {
  for (let folder = path.replace(/\/[^/]*$/, ''); folder !== ''; folder = folder.replace(/\/[^/]*$/, '')) {
    const found = statPath(folder);
    if (found !== undefined) return found.isDirectory() && !mayEnter(folder);
  }
  return false;
}

function mayEnter(folder: string): boolean {
  return statPath(`${folder}/.`) !== undefined;
}

/** One or more words. */
function words(label: string): ArgumentShape<[readonly string[]]> {
  return {
    label,
    expected: `takes one or more arguments: ${label}`,
    parse(text) {
      const found = splitWords(text);
      return found.length > 0 ? [found] : undefined;
    },
  };
}

const protocolNames: readonly TlsProtocol[] = ['TLSv1', 'TLSv1.1', 'TLSv1.2', 'TLSv1.3'];

/** A word with + or - changes what the words before it say, one without replaces it (as httpd). */
function setProtocols(here: Here, given: readonly string[]): void {
  let chosen = new Set<TlsProtocol>();
  let hasReplaced = false;
  for (const word of given) {
    const [, sign = '', name = ''] = /^([+-]?)(.*)$/.exec(word) ?? [];
    const meant = meaningOf(here, name, sign, word);
    if (meant === undefined) return;
    if (sign === '-') chosen = new Set([...chosen].filter((protocol) => !meant.includes(protocol)));
    else if (sign === '+') chosen = new Set([...chosen, ...meant]);
    else {
      if (hasReplaced || chosen.size > 0)
        here.warn(`'${word}' replaces what stands before it; expected + or - in front of it`);
      chosen = new Set(meant);
      hasReplaced = true;
    }
  }
  if (chosen.size === 0)
    here.fail(`leaves no protocol; expected at least one of ${listWords(protocolNames)}`);
  else here.server.tls.protocols = protocolNames.filter((protocol) => chosen.has(protocol));
}

function meaningOf(here: Here, name: string, sign: string, word: string): readonly TlsProtocol[] | undefined {
  const lower = name.toLowerCase();
  // What `all` means changes with the times: versions that OpenSSL refuses by itself are not in it.
  if (lower === 'all') return sign === '-' ? protocolNames : ['TLSv1.2', 'TLSv1.3'];
  if (lower === 'sslv2' || lower === 'sslv3') {
    if (sign === '-') return [];
    here.fail(`'${word}' is not supported: ${name} is broken`, { kind: 'argument-refused' });
    return undefined;
  }
  const found = protocolNames.find((known) => known.toLowerCase() === lower);
  if (found === undefined)
    here.fail(`expected ${listWords([...protocolNames, 'all'])}, not '${word}'`, {
      suggestion: findNearest(name, protocolNames),
    });
  return found === undefined ? undefined : [found];
}

function setCiphers(here: Here, first: string, second: string | undefined): void {
  if (refuseInSections(here)) return;
  const ciphers = second ?? first;
  const protocol = second === undefined ? 'SSL' : chooseWord(here, first, ['SSL', 'TLSv1.3']);
  if (protocol === undefined) return;
  // What Red Hat's OpenSSL knows by that name is what it does by default.
  const known = ciphers.toUpperCase() === 'PROFILE=SYSTEM' ? 'DEFAULT' : ciphers;
  if (protocol === 'TLSv1.3') {
    if (!known.split(':').every((suite) => suite.startsWith('TLS_')) || !isUnderstood(known))
      here.fail(`OpenSSL knows no such ciphers of TLS 1.3 as '${ciphers}'`);
    else here.server.tls.cipherSuites = known;
  } else if (isUnderstood(known)) here.server.tls.cipherList = known;
  else here.fail(`OpenSSL finds no cipher in '${ciphers}'`);
}

function isUnderstood(ciphers: string): boolean {
  try {
    // Loaded when it is needed first: it takes 1.5 MB.
    process.getBuiltinModule('node:tls').createSecureContext({ ciphers });
    return true;
  } catch {
    return false;
  }
}

function setPassPhraseDialog(here: Here, text: string): void {
  if (text.toLowerCase() === 'builtin') return;
  const program = /^exec:(.+)$/is.exec(text)?.[1];
  if (program === undefined)
    here.fail("expected builtin or exec:/path/of/program; a program behind '|' is not supported", {
      kind: 'argument-refused',
    });
  else here.draft.global.passPhraseProgram = resolvePath(here, program);
}
