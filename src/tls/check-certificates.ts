import { X509Certificate } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { isIP } from 'node:net';
import { dirname } from 'node:path';
import type { NamedPath, ServerConfig, VirtualHost } from '../config/model.js';
import type { MaterialFault } from './material.js';
import { isCertificate, readPemBlocks } from './pem.js';

const dayMs = 86_400_000;
const renewalDays = 14;

/** What browsers will say of certificates that can be used: expired, or made out for others; and who else can read the keys. */
export function checkCertificates(
  { mainServer, virtualHosts }: ServerConfig,
  now = Date.now(),
): MaterialFault[] {
  const faults = [mainServer, ...virtualHosts].flatMap((host) => [
    ...checkHost(host, now),
    ...(host.settings.tls?.keyFiles ?? []).flatMap(checkKey),
  ]);
  // Virtual hosts often share their files, and those of the main server are everybody's.
  return [...new Map(faults.map((fault) => [fault.message, fault])).values()];
}

function checkHost(host: VirtualHost, now: number): MaterialFault[] {
  const files = host.settings.tls?.certificateFiles ?? [];
  const read = files.flatMap((file) => {
    const certificate = readCertificate(file);
    return certificate === undefined ? [] : [{ file, certificate }];
  });
  const dates = read.flatMap(({ file, certificate }) => checkDates(file, certificate, now));
  const [first] = read;
  if (first === undefined) return dates;
  const names = [host.serverName?.host, ...host.serverAliases].filter(
    (name): name is string => name !== undefined && !/[*?]/.test(name),
  );
  const missing = names.filter((name) => !read.some(({ certificate }) => covers(certificate, name)));
  if (missing.length === 0) return dates;
  const list = missing.slice(0, 5).join(', ');
  return [
    ...dates,
    warn('tls-certificate-name', first.file, `holds a certificate that is not made out for ${list}`),
  ];
}

function covers(certificate: X509Certificate, name: string): boolean {
  const found = isIP(name) === 0 ? certificate.checkHost(name) : certificate.checkIP(name);
  return found !== undefined;
}

function checkDates(file: NamedPath, { validFrom, validTo }: X509Certificate, now: number): MaterialFault[] {
  const until = Date.parse(validTo);
  if (until <= now)
    return [warn('tls-certificate-expired', file, `holds a certificate that expired on ${day(until)}`)];
  if (Date.parse(validFrom) > now)
    return [
      warn(
        'tls-certificate-expired',
        file,
        `holds a certificate that is not valid before ${day(Date.parse(validFrom))}`,
      ),
    ];
  if (until - now < renewalDays * dayMs)
    return [warn('tls-certificate-expired', file, `holds a certificate that expires soon, on ${day(until)}`)];
  return [];
}

function day(time: number): string {
  return new Date(time).toISOString().slice(0, 10);
}

function checkKey(file: NamedPath): MaterialFault[] {
  if (!isOpenToEverybody(file.path)) return [];
  return [warn('world-readable', file, 'can be read by everybody on this machine; expected chmod 600')];
}

/** For others, the file can be read and every directory above it entered. */
function isOpenToEverybody(path: string): boolean {
  try {
    if ((statSync(path).mode & 0o004) === 0) return false;
    for (let folder = dirname(path); ; folder = dirname(folder)) {
      if ((statSync(folder).mode & 0o001) === 0) return false;
      if (folder === '/') return true;
    }
  } catch {
    return false;
  }
}

function readCertificate({ path }: NamedPath): X509Certificate | undefined {
  try {
    const block = readPemBlocks(readFileSync(path, 'latin1')).find(isCertificate);
    return block === undefined ? undefined : new X509Certificate(block.text);
  } catch {
    // Whether it can be used at all is told elsewhere.
    return undefined;
  }
}

function warn(kind: MaterialFault['kind'], file: NamedPath, what: string): MaterialFault {
  const { path, position, directive } = file;
  return { severity: 'warning', kind, position, directive, message: `${path} ${what}` };
}
