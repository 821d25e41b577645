/** What SSL* directives say about a request: on which connection it may come, and what is told about it. */

import type { DirectorySettings, Position, TlsSettings, VirtualHost } from '../config/model.js';
import { headerValue } from '../http/index.js';
import {
  formatLegacyName,
  fulfils,
  judgeClient,
  listCertificates,
  listTlsVariables,
  readTlsVariable,
} from '../tls/index.js';
import type { Exchange } from './exchange.js';
import { askExchange } from './expression-subject.js';
import { type Refusal, refuse } from './site.js';

/**
 * Whether the connection is one for the virtual host that the request names: a client could else open it with a host that asks for
 * less, and go on with one that asks for more.
 */
export function checkConnection({ record, site }: Exchange, virtualHost: VirtualHost): Refusal | undefined {
  const { tls } = record.connection;
  const wanted = virtualHost.settings.tls;
  if (tls === undefined) {
    if (wanted === undefined) return undefined;
    return refuse(421, 'ssl', 'plain HTTP for a virtual host with SSLEngine on');
  }
  site.trace?.({
    stage: 'connection',
    text: `TLS for ${tls.serverName ?? 'no name'}: ${wanted === undefined ? 'no SSLEngine of its own' : 'SSLEngine on'}`,
    position: wanted?.position ?? virtualHost.position,
  });
  const policy = wanted?.sniPolicy ?? 'secure';
  const hosts = [site.config.mainServer, ...site.config.virtualHosts];
  const opened = hosts.find(({ id }) => id === tls.hostId);
  const isStrict = [opened, virtualHost].some((host) => host?.settings.tls?.strictSni === true);
  if (tls.serverName === undefined && isStrict)
    return refuse(403, 'ssl', 'the client names no host in the handshake (SSLStrictSNIVHostCheck)');
  if (tls.hostId === virtualHost.id) return undefined;
  if (policy !== 'strict' && isAlike(opened?.settings.tls, wanted, policy)) return undefined;
  const name = tls.serverName ?? 'no host';
  return refuse(
    421,
    'ssl',
    `the connection was opened for ${name}, and the request is for a virtual host with other settings of TLS`,
  );
}

/** Alike enough that nothing is gained by the detour. */
function isAlike(
  opened: TlsSettings | undefined,
  wanted: TlsSettings | undefined,
  policy: TlsSettings['sniPolicy'],
): boolean {
  if (opened === undefined || wanted === undefined) return false;
  const essence = policy === 'authonly' ? essenceOfClients : essenceOfAll;
  return essence(opened) === essence(wanted);
}

function essenceOfClients(tls: TlsSettings): string {
  const paths = [tls.authorityFile, tls.authorityPath, tls.revocationFile, tls.revocationPath];
  const { verifyClient, verifyDepth, checksRevocation } = tls;
  return JSON.stringify([
    verifyClient,
    verifyDepth,
    verifyClient !== 'none' || tls.sectionsVerify,
    checksRevocation,
    ...paths.map((named) => named?.path ?? ''),
  ]);
}

function essenceOfAll(tls: TlsSettings): string {
  const { protocols, cipherList, cipherSuites = '', honorCipherOrder } = tls;
  return `${essenceOfClients(tls)} ${JSON.stringify([protocols, cipherList, cipherSuites, honorCipherOrder])}`;
}

/** SSLRequireSSL, SSLVerifyClient and SSLRequire of sections. `Satisfy Any` cannot make up for them. */
export function checkTlsAccess(exchange: Exchange, settings: DirectorySettings): Refusal | undefined {
  const access = settings.tls;
  if (access === undefined) return undefined;
  const { tls } = exchange.record.connection;
  const tell = (text: string, position: Position) =>
    exchange.site.trace?.({ stage: 'access', text, position });
  if (access.requireTls !== undefined)
    tell(`SSLRequireSSL: ${tls === undefined ? 'refused' : 'holds'}`, access.requireTls);
  if (access.requireTls !== undefined && tls === undefined)
    return refuse(403, 'ssl', 'TLS is required here (SSLRequireSSL)');
  const { verifyClient } = access;
  if (verifyClient !== undefined && verifyClient.mode !== 'none') {
    const { file, line } = verifyClient.position;
    const verification = judgeOf(exchange);
    const isFulfilled = verification !== undefined && fulfils(verifyClient.mode, verification);
    tell(`SSLVerifyClient ${verifyClient.mode}: ${isFulfilled ? 'holds' : 'refused'}`, verifyClient.position);
    if (verification === undefined)
      return refuse(403, 'ssl', `TLS is required here (SSLVerifyClient at ${file}:${line})`);
    if (!isFulfilled) {
      const reason = verification.kind === 'failed' ? verification.reason : 'there is none';
      return refuse(
        403,
        'ssl',
        `the client needs a certificate (SSLVerifyClient at ${file}:${line}): ${reason}`,
      );
    }
  }
  for (const { condition, position, text } of access.requirements ?? []) {
    const { file, line } = position;
    const holds = askExchange(exchange, condition, {}, 'ssl', position) === true;
    tell(`SSLRequire ${text}: ${holds ? 'holds' : 'refused'}`, position);
    if (!holds) return refuse(403, 'ssl', `SSLRequire at ${file}:${line} does not hold`);
  }
  return undefined;
}

/** What may be said of the client's certificate here; undefined: plain HTTP. */
export function judgeOf({ record, settings, virtualHost }: Exchange) {
  const { tls } = record.connection;
  if (tls === undefined) return undefined;
  return judgeClient(tls, settings.tls?.verifyDepth ?? virtualHost.settings.tls?.verifyDepth ?? 1);
}

/** One `SSL_…` variable as it counts for this request. */
export function readVariable(exchange: Exchange, name: string): string | undefined {
  const { tls } = exchange.record.connection;
  const verification = judgeOf(exchange);
  return tls === undefined || verification === undefined
    ? undefined
    : readTlsVariable(tls, name, { verification, legacyNames: hasOption(exchange, 'legacydnstringformat') });
}

/** HTTPS for everybody; SSL_… where SSLOptions says so. */
export function exportTls(exchange: Exchange): void {
  const { tls } = exchange.record.connection;
  const verification = judgeOf(exchange);
  if (tls === undefined || verification === undefined) return;
  const { environment } = exchange;
  environment.set('HTTPS', 'on');
  if (tls.serverName !== undefined) environment.set('SSL_TLS_SNI', tls.serverName);
  if (hasOption(exchange, 'stdenvvars'))
    environment.addList(
      listTlsVariables(tls, { verification, legacyNames: hasOption(exchange, 'legacydnstringformat') }),
    );
  if (hasOption(exchange, 'exportcertdata')) environment.addList(listCertificates(tls));
}

/** SSLUserName: who it is where nobody had to log in. */
export function nameCertifiedUser(exchange: Exchange): void {
  const name = exchange.settings.tls?.userName;
  if (name === undefined || judgeOf(exchange)?.kind !== 'success') return;
  const user = readVariable(exchange, name);
  // A name that would look like another one to somebody.
  if (user === undefined || user === '' || /[\x00-\x1f\x7f]/.test(user)) return;
  exchange.user = user;
  exchange.authType = 'ClientCert';
}

/**
 * The Authorization header that counts. SSLOptions +FakeBasicAuth: the subject of a verified certificate, with the password that password
 * files have for it; nobody else gets in under a name that begins like one (as httpd).
 */
export function findAuthorization(exchange: Exchange): string | undefined | Refusal {
  const sent = headerValue(exchange.record.headers, 'authorization');
  if (!hasOption(exchange, 'fakebasicauth')) return sent;
  const { tls } = exchange.record.connection;
  if (judgeOf(exchange)?.kind === 'success' && tls?.clientCertificate !== undefined)
    return `Basic ${encodeBase64(`${formatLegacyName(tls.clientCertificate.subject)}:password`)}`;
  if (sent !== undefined && decodeUser(sent).startsWith('/'))
    return refuse(
      403,
      'ssl',
      'a client without a verified certificate gives the name of one (FakeBasicAuth)',
    );
  return sent;
}

function encodeBase64(bytes: string): string {
  return Buffer.from(bytes, 'latin1').toString('base64');
}

function decodeUser(authorization: string): string {
  const encoded = /^basic +(.*)$/i.exec(authorization)?.[1] ?? '';
  return Buffer.from(encoded, 'base64').toString('latin1').trimStart();
}

type OptionName = 'stdenvvars' | 'exportcertdata' | 'fakebasicauth' | 'legacydnstringformat';

function hasOption({ settings }: Exchange, name: OptionName): boolean {
  const options = settings.tls?.options;
  return options?.add.has(name) === true && !options.remove.has(name);
}
