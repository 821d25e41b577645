import { type DerValue, readObjectId, readText, readTime, readValues } from './der.js';

/** What a certificate says (RFC 5280). Texts are byte strings: UTF-8, one byte per character. */
export interface Certificate {
  readonly version: number;
  /** In hexadecimal digits, upper case. */
  readonly serial: string;
  readonly signatureAlgorithm: string;
  readonly keyAlgorithm: string;
  readonly subject: DistinguishedName;
  readonly issuer: DistinguishedName;
  /** Milliseconds since the epoch. */
  readonly validFrom: number;
  readonly validUntil: number;
  readonly alternativeNames: AlternativeNames;
  readonly pem: string;
}

/** In the order of the certificate: mostly the country first. */
export type DistinguishedName = readonly NamePart[];

export interface NamePart {
  /** `CN`, `emailAddress`; an object id for what has no short name. */
  readonly type: string;
  readonly value: string;
}

export interface AlternativeNames {
  readonly email: readonly string[];
  readonly dns: readonly string[];
  /** User principal names of Active Directory. */
  readonly userPrincipals: readonly string[];
  /** SRVNames (RFC 4985). */
  readonly services: readonly string[];
}

/** Undefined for bytes that are no certificate. */
export function parseCertificate(der: Buffer): Certificate | undefined {
  try {
    return read(der);
  } catch {
    return undefined;
  }
}

function read(der: Buffer): Certificate | undefined {
  const [outer] = readValues(der);
  const [body, signature] = outer === undefined ? [] : readValues(outer.content);
  if (body === undefined || signature === undefined) return undefined;
  const fields = readValues(body.content);
  const hasVersion = fields[0]?.tag === 0xa0;
  const [serial, , issuer, validity, subject, key] = hasVersion ? fields.slice(1) : fields;
  if (!serial || !issuer || !validity || !subject || !key) return undefined;
  const [from, until] = readValues(validity.content);
  if (from === undefined || until === undefined) return undefined;
  return {
    version: hasVersion ? (readValues((fields[0] as DerValue).content)[0]?.content.at(-1) ?? 0) + 1 : 1,
    serial: serial.content
      .toString('hex')
      .replace(/^(?:00)+(?=.)/, '')
      .toUpperCase(),
    signatureAlgorithm: algorithmName(signature),
    keyAlgorithm: algorithmName(readValues(key.content)[0]),
    subject: readName(subject),
    issuer: readName(issuer),
    validFrom: readTime(from),
    validUntil: readTime(until),
    alternativeNames: readAlternativeNames(fields.find(({ tag }) => tag === 0xa3)),
    pem: toPem(der),
  };
}

function toPem(der: Buffer): string {
  const lines = der.toString('base64').replace(/(.{64})(?=.)/g, '$1\n');
  return `-----BEGIN CERTIFICATE-----\n${lines}\n-----END CERTIFICATE-----\n`;
}

/** OpenSSL's names of object ids. */
const algorithmNames: Readonly<Record<string, string>> = {
  '1.2.840.113549.1.1.1': 'rsaEncryption',
  '1.2.840.113549.1.1.4': 'md5WithRSAEncryption',
  '1.2.840.113549.1.1.5': 'sha1WithRSAEncryption',
  '1.2.840.113549.1.1.10': 'rsassaPss',
  '1.2.840.113549.1.1.11': 'sha256WithRSAEncryption',
  '1.2.840.113549.1.1.12': 'sha384WithRSAEncryption',
  '1.2.840.113549.1.1.13': 'sha512WithRSAEncryption',
  '1.2.840.10045.2.1': 'id-ecPublicKey',
  '1.2.840.10045.4.1': 'ecdsa-with-SHA1',
  '1.2.840.10045.4.3.2': 'ecdsa-with-SHA256',
  '1.2.840.10045.4.3.3': 'ecdsa-with-SHA384',
  '1.2.840.10045.4.3.4': 'ecdsa-with-SHA512',
  '1.3.101.112': 'ED25519',
  '1.3.101.113': 'ED448',
};

function algorithmName(value: DerValue | undefined): string {
  const id = value === undefined ? undefined : readValues(value.content)[0];
  if (id === undefined) return '';
  const text = readObjectId(id);
  return algorithmNames[text] ?? text;
}

/** OpenSSL's short names. */
const partNames: Readonly<Record<string, string>> = {
  '2.5.4.3': 'CN',
  '2.5.4.4': 'SN',
  '2.5.4.5': 'serialNumber',
  '2.5.4.6': 'C',
  '2.5.4.7': 'L',
  '2.5.4.8': 'ST',
  '2.5.4.9': 'street',
  '2.5.4.10': 'O',
  '2.5.4.11': 'OU',
  '2.5.4.12': 'title',
  '2.5.4.13': 'description',
  '2.5.4.17': 'postalCode',
  '2.5.4.41': 'name',
  '2.5.4.42': 'GN',
  '2.5.4.43': 'initials',
  '2.5.4.45': 'x500UniqueIdentifier',
  '2.5.4.46': 'dnQualifier',
  '2.5.4.65': 'pseudonym',
  '2.5.4.97': 'organizationIdentifier',
  '0.9.2342.19200300.100.1.1': 'UID',
  '0.9.2342.19200300.100.1.25': 'DC',
  '1.2.840.113549.1.9.1': 'emailAddress',
};

function readName({ content }: DerValue): NamePart[] {
  return readValues(content)
    .flatMap((set) => readValues(set.content))
    .flatMap((pair) => {
      const [type, value] = readValues(pair.content);
      if (type === undefined || value === undefined) return [];
      const id = readObjectId(type);
      return [{ type: partNames[id] ?? id, value: readText(value) ?? `#${value.content.toString('hex')}` }];
    });
}

const subjectAltName = '2.5.29.17';
const userPrincipal = '1.3.6.1.4.1.311.20.2.3';
const serviceName = '1.3.6.1.5.5.7.8.7';

function readAlternativeNames(extensions: DerValue | undefined): AlternativeNames {
  const names = {
    email: [] as string[],
    dns: [] as string[],
    userPrincipals: [] as string[],
    services: [] as string[],
  };
  const list = extensions === undefined ? undefined : readValues(extensions.content)[0];
  for (const extension of list === undefined ? [] : readValues(list.content)) {
    const [id, ...rest] = readValues(extension.content);
    const value = rest.at(-1);
    if (id === undefined || value === undefined || readObjectId(id) !== subjectAltName) continue;
    for (const name of readValues(value.content).flatMap((sequence) => readValues(sequence.content))) {
      if (name.tag === 0x81) names.email.push(name.content.toString('latin1'));
      else if (name.tag === 0x82) names.dns.push(name.content.toString('latin1'));
      else if (name.tag === 0xa0) addOther(names, name);
    }
  }
  return names;
}

function addOther(names: { userPrincipals: string[]; services: string[] }, { content }: DerValue): void {
  const [id, wrapped] = readValues(content);
  const inner = wrapped === undefined ? undefined : readValues(wrapped.content)[0];
  const text = inner === undefined ? undefined : readText(inner);
  if (id === undefined || text === undefined) return;
  const kind = readObjectId(id);
  if (kind === userPrincipal) names.userPrincipals.push(text);
  else if (kind === serviceName) names.services.push(text);
}
