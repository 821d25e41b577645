import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Certificate, parseCertificate } from '../../src/tls/certificate.js';
import { formatLegacyName, formatName } from '../../src/tls/distinguished-name.js';
import { makeFolder, removeFolder } from '../peers/server.js';
import { Certificates } from './certificates.js';

let folder: string;
let made: Certificates;
beforeAll(() => {
  folder = makeFolder();
  made = new Certificates(join(folder, 'tls'));
});
afterAll(() => removeFolder(folder));

function make(name: string, subject: string, extensions = ''): { der: Buffer; parsed: Certificate } {
  made.make(name, { subject, extensions });
  const der = new X509Certificate(readFileSync(made.path(`${name}.pem`))).raw;
  const parsed = parseCertificate(der);
  if (parsed === undefined) throw new Error('not parsed');
  return { der, parsed };
}

const told = (name: string, what: string, ...options: string[]) =>
  made
    .openssl('x509', '-in', `${name}.pem`, '-noout', what, ...options)
    .replace(/\n$/, '')
    .replace(/^[a-z]+=\s*/, '');

describe('a certificate', () => {
  it('says what openssl reads in it', () => {
    const { parsed } = make('plain', '/C=DE/ST=Bavaria/L=Munich/O=Example/OU=one/OU=two/CN=www.example.com');
    expect(parsed.serial).toBe(told('plain', '-serial'));
    expect(parsed.version).toBe(1);
    expect(new Date(parsed.validFrom)).toEqual(
      new Date(told('plain', '-startdate').replace('notBefore=', '')),
    );
    expect(new Date(parsed.validUntil)).toEqual(new Date(told('plain', '-enddate').replace('notAfter=', '')));
    expect(parsed.keyAlgorithm).toBe('id-ecPublicKey');
    expect(parsed.signatureAlgorithm).toBe('ecdsa-with-SHA256');
    expect(parsed.pem.trim()).toBe(readFileSync(made.path('plain.pem'), 'utf8').trim());
  });

  it.each([
    ['comma', '/C=DE/O=Example, Inc/CN=a\\+b'],
    ['signs', '/O=<"quoted">;/CN=back\\\\slash'],
    ['hash', '/O=#number/CN= blanks '],
    ['letters', '/O=Müller & Söhne/CN=Jörg'],
    ['parts', '/DC=com/DC=example/UID=joe/SN=Doe/GN=Joe/title=Dr/emailAddress=joe@example.com'],
  ])('has names as openssl writes them: %s', (name, subject) => {
    const { parsed } = make(name, subject);
    const text = Buffer.from(formatName(parsed.subject), 'latin1').toString('utf8');
    expect(text).toBe(told(name, '-subject', '-nameopt', 'RFC2253,-esc_msb,utf8').replace(/^subject=/, ''));
    const legacy = formatLegacyName(parsed.subject);
    expect(legacy).toBe(told(name, '-subject', '-nameopt', 'compat').replace(/^subject=/, ''));
  });

  it('has alternative names', () => {
    const extensions =
      'subjectAltName=email:a@example.com,email:b@example.com,DNS:example.com,otherName:1.3.6.1.4.1.311.20.2.3;UTF8:joe@upn,otherName:1.3.6.1.5.5.7.8.7;IA5STRING:_http.example.com,IP:127.0.0.1';
    const { parsed } = make('names', '/CN=x', extensions);
    expect(parsed.alternativeNames).toEqual({
      email: ['a@example.com', 'b@example.com'],
      dns: ['example.com'],
      userPrincipals: ['joe@upn'],
      services: ['_http.example.com'],
    });
    expect(parsed.version).toBe(3);
  });

  it('cannot be read when something is missing or changed, and nothing else happens', () => {
    const { der } = make('cut', '/C=DE/CN=cut', 'subjectAltName=DNS:example.com');
    for (let length = 0; length < der.length; length += 1)
      expect(parseCertificate(der.subarray(0, length))).toBeUndefined();
    for (let at = 0; at < der.length; at += 1) {
      const changed = Buffer.from(der);
      changed[at] = 0xff - (der[at] as number);
      expect(() => parseCertificate(changed)).not.toThrow();
    }
  });
});
