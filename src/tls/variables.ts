import type { Certificate, DistinguishedName } from './certificate.js';
import { formatLegacyName, formatName } from './distinguished-name.js';
import type { ClientVerification, TlsConnection } from './tls-connection.js';

/** How variables are written. */
export interface VariableStyle {
  /** What counts as SSL_CLIENT_VERIFY; absent: what the handshake ended with. */
  readonly verification?: ClientVerification;
  /** LegacyDNStringFormat: `/C=DE/CN=…` in place of `CN=…,C=DE`. */
  readonly legacyNames?: boolean;
}

/** `SSL_…` of a connection, by its name without case; undefined: there is nothing of that name. A byte string. */
export function readTlsVariable(
  connection: TlsConnection,
  name: string,
  { legacyNames = false, verification = connection.verification }: VariableStyle = {},
): string | undefined {
  const upper = name.toUpperCase();
  const side = /^SSL_(SERVER|CLIENT)_(.+)$/.exec(upper);
  if (side === null) return readOwn(connection, upper);
  const [, whose, what = ''] = side;
  if (whose === 'CLIENT' && what === 'VERIFY') return describeVerification(verification);
  const chain = /^CERT_CHAIN_(\d{1,2})$/.exec(what)?.[1];
  if (whose === 'CLIENT' && chain !== undefined) return connection.clientChain[Number(chain)]?.pem;
  const certificate = whose === 'CLIENT' ? connection.clientCertificate : connection.serverCertificate;
  return certificate === undefined ? undefined : readOfCertificate(certificate, what, legacyNames);
}

/** SSLOptions +StdEnvVars: name, value, … */
export function listTlsVariables(connection: TlsConnection, style: VariableStyle): string[] {
  const names = [...ownNames, 'SSL_CLIENT_VERIFY'];
  for (const [side, certificate] of [
    ['SSL_SERVER', connection.serverCertificate],
    ['SSL_CLIENT', connection.clientCertificate],
  ] as const)
    if (certificate !== undefined)
      names.push(...namesOfCertificate(certificate).map((name) => `${side}_${name}`));
  if (connection.clientCertificate !== undefined)
    names.push('SSL_CLIENT_V_REMAIN', 'SSL_CLIENT_CERT_RFC4523_CEA');
  return names.flatMap((name) => {
    const value = readTlsVariable(connection, name, style);
    return value === undefined || (value === '' && name !== 'SSL_CLIENT_VERIFY') ? [] : [spell(name), value];
  });
}

/** SSLOptions +ExportCertData: name, value, … */
export function listCertificates({
  serverCertificate,
  clientCertificate,
  clientChain,
}: TlsConnection): string[] {
  return [
    'SSL_SERVER_CERT',
    serverCertificate?.pem ?? '',
    'SSL_CLIENT_CERT',
    clientCertificate?.pem ?? '',
    ...clientChain.flatMap(({ pem }, at) => [`SSL_CLIENT_CERT_CHAIN_${at}`, pem]),
  ];
}

/** `%{…}c` of a log format, which has names of its own. */
export function readLogVariable(connection: TlsConnection, name: string): string | undefined {
  const { verification } = connection;
  switch (name) {
    case 'version':
      return connection.protocol;
    case 'cipher':
      return connection.cipher;
    case 'subjectdn':
      return readTlsVariable(connection, 'SSL_CLIENT_S_DN');
    case 'issuerdn':
      return readTlsVariable(connection, 'SSL_CLIENT_I_DN');
    case 'errstr':
      return verification.kind === 'failed' ? verification.reason : undefined;
    default:
      return undefined;
  }
}

const ownNames = [
  'SSL_VERSION_INTERFACE',
  'SSL_VERSION_LIBRARY',
  'SSL_PROTOCOL',
  'SSL_SECURE_RENEG',
  'SSL_COMPRESS_METHOD',
  'SSL_CIPHER',
  'SSL_CIPHER_EXPORT',
  'SSL_CIPHER_USEKEYSIZE',
  'SSL_CIPHER_ALGKEYSIZE',
  'SSL_SESSION_RESUMED',
  'SSL_TLS_SNI',
];

function readOwn(connection: TlsConnection, name: string): string | undefined {
  switch (name) {
    case 'SSL_VERSION_INTERFACE':
      return 'modhost';
    case 'SSL_VERSION_LIBRARY':
      return `OpenSSL/${process.versions.openssl}`;
    case 'SSL_PROTOCOL':
      return connection.protocol;
    case 'SSL_SECURE_RENEG':
      return 'true';
    case 'SSL_COMPRESS_METHOD':
      return 'NULL';
    case 'SSL_CIPHER':
      return connection.cipher;
    case 'SSL_CIPHER_EXPORT':
      return 'false';
    case 'SSL_CIPHER_USEKEYSIZE':
    case 'SSL_CIPHER_ALGKEYSIZE':
      return String(keyBits(connection.cipher));
    case 'SSL_SESSION_RESUMED':
      return connection.isResumed ? 'Resumed' : 'Initial';
    case 'SSL_TLS_SNI':
      return connection.serverName;
    default:
      return undefined;
  }
}

/** Of the key that the cipher uses; its name tells. */
function keyBits(cipher: string): number {
  const bits = /(?:AES|CAMELLIA|ARIA)_?(128|256)/.exec(cipher)?.[1];
  if (bits !== undefined) return Number(bits);
  if (cipher.includes('CHACHA20')) return 256;
  if (/3DES|DES-CBC3/.test(cipher)) return 168;
  return /RC4|SEED|IDEA/.test(cipher) ? 128 : 0;
}

function describeVerification(verification: ClientVerification): string {
  return verification.kind === 'failed' ? `FAILED:${verification.reason}` : verification.kind.toUpperCase();
}

/** Name in a variable → type in a certificate. */
const partTypes: Readonly<Record<string, string>> = {
  C: 'C',
  ST: 'ST',
  SP: 'ST',
  L: 'L',
  O: 'O',
  OU: 'OU',
  CN: 'CN',
  T: 'title',
  I: 'initials',
  G: 'GN',
  S: 'SN',
  D: 'description',
  UID: 'UID',
  EMAIL: 'emailAddress',
};

function readOfCertificate(certificate: Certificate, what: string, legacyNames: boolean): string | undefined {
  const name = /^([SI])_DN(?:_(.+))?$/.exec(what);
  if (name !== null) {
    const [, which, part] = name;
    return readOfName(which === 'S' ? certificate.subject : certificate.issuer, part, legacyNames);
  }
  const alternative = /^SAN_(EMAIL|DNS|OTHER_MSUPN|OTHER_DNSSRV)_(\d{1,3})$/.exec(what);
  if (alternative !== null) return alternativesOf(certificate, alternative[1] ?? '')[Number(alternative[2])];
  switch (what) {
    case 'CERT':
      return certificate.pem;
    case 'M_VERSION':
      return String(certificate.version);
    case 'M_SERIAL':
      return certificate.serial;
    case 'V_START':
      return formatTime(certificate.validFrom);
    case 'V_END':
      return formatTime(certificate.validUntil);
    case 'V_REMAIN':
      return String(Math.max(0, Math.floor((certificate.validUntil - Date.now()) / 86_400_000)));
    case 'A_SIG':
      return certificate.signatureAlgorithm;
    case 'A_KEY':
      return certificate.keyAlgorithm;
    case 'CERT_RFC4523_CEA':
      return `{ serialNumber ${BigInt(`0x${certificate.serial}`)}, issuer rdnSequence:"${formatName(certificate.issuer)}" }`;
    default:
      return undefined;
  }
}

function alternativesOf({ alternativeNames }: Certificate, kind: string): readonly string[] {
  const { dns, email, services, userPrincipals } = alternativeNames;
  return { EMAIL: email, DNS: dns, OTHER_MSUPN: userPrincipals, OTHER_DNSSRV: services }[kind] ?? [];
}

/** `part`: `CN`, or `OU_1` for the second one; absent: the whole name. */
function readOfName(
  name: DistinguishedName,
  part: string | undefined,
  legacyNames: boolean,
): string | undefined {
  if (part === undefined) return legacyNames ? formatLegacyName(name) : formatName(name);
  const [, type = '', number = '0'] = /^([A-Z]+)(?:_(\d{1,3}))?$/.exec(part) ?? [];
  const wanted = partTypes[type];
  return name.filter((candidate) => candidate.type === wanted)[Number(number)]?.value;
}

function namesOfCertificate({ subject, issuer, alternativeNames }: Certificate): string[] {
  const { dns, email, services, userPrincipals } = alternativeNames;
  return [
    ...['M_VERSION', 'M_SERIAL', 'V_START', 'V_END', 'S_DN', 'I_DN', 'A_SIG', 'A_KEY'],
    ...namesOfParts(subject).map((part) => `S_DN_${part}`),
    ...namesOfParts(issuer).map((part) => `I_DN_${part}`),
    ...email.map((_, at) => `SAN_EMAIL_${at}`),
    ...dns.map((_, at) => `SAN_DNS_${at}`),
    ...userPrincipals.map((_, at) => `SAN_OTHER_MSUPN_${at}`),
    ...services.map((_, at) => `SAN_OTHER_DNSSRV_${at}`),
  ];
}

function namesOfParts(name: DistinguishedName): string[] {
  return Object.entries(partTypes)
    .filter(([part]) => part !== 'SP')
    .flatMap(([part, type]) =>
      name.filter((candidate) => candidate.type === type).map((_, at) => (at === 0 ? part : `${part}_${at}`)),
    );
}

/** As httpd spells them: not all letters are capitals. */
function spell(name: string): string {
  return name
    .replace(/_DN_EMAIL/, '_DN_Email')
    .replace(/_SAN_EMAIL_/, '_SAN_Email_')
    .replace(/_OTHER_MSUPN_/, '_OTHER_msUPN_')
    .replace(/_OTHER_DNSSRV_/, '_OTHER_dnsSRV_');
}

const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** `Nov 22 11:09:02 2026 GMT` */
function formatTime(time: number): string {
  const date = new Date(time);
  const clock = date.toISOString().slice(11, 19);
  return `${months[date.getUTCMonth()]} ${String(date.getUTCDate()).padStart(2, ' ')} ${clock} ${date.getUTCFullYear()} GMT`;
}
