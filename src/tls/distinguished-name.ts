import type { DistinguishedName } from './certificate.js';

/** `CN=Joe,O=Example\, Inc,C=DE`: RFC 2253, the last part first. A byte string; what is no letter stays as it is. */
export function formatName(name: DistinguishedName): string {
  return name
    .map(({ type, value }) => `${type}=${escapeValue(value)}`)
    .reverse()
    .join(',');
}

/** `/C=DE/O=Example, Inc/CN=Joe`: as in old releases of httpd, and in password files for FakeBasicAuth. */
export function formatLegacyName(name: DistinguishedName): string {
  return name.map(({ type, value }) => `/${type}=${escapeBytes(value)}`).join('');
}

function escapeValue(value: string): string {
  return value
    .replace(/[,+"\\<>;]/g, '\\$&')
    .replace(/^[ #]/, '\\$&')
    .replace(/ $/, '\\ ')
    .replace(/[\x00-\x1f\x7f]/g, escapeByte);
}

function escapeBytes(value: string): string {
  return value
    .replace(/[/+]/g, '\\$&')
    .replace(
      /[\x00-\x1f\x7f-\xff]/g,
      (byte) => `\\x${byte.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`,
    );
}

function escapeByte(byte: string): string {
  return `\\${byte.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`;
}
