import { parseAddress } from '../matching/index.js';

/** What stands at the beginning of a connection on which the PROXY protocol is spoken. */
export type ProxyHeader =
  /** More has to come before anything can be said. */
  | { readonly kind: 'incomplete' }
  /** `address`: for whom the proxy asks; absent: for itself. `length`: bytes of the header. */
  | { readonly kind: 'read'; readonly address?: string; readonly length: number }
  | { readonly kind: 'invalid'; readonly reason: string };

const signature = Buffer.from('\r\n\r\n\0\r\nQUIT\n', 'latin1');
/** A line of version 1 with its CRLF, by the specification. */
const longestLine = 107;
/** Addresses and extensions (TLV) of version 2. */
const longestBody = 4_096;

/** Reads version 1 (a line) or 2 (binary) of the PROXY protocol, strictly; addresses in canonical form. */
export function parseProxyHeader(bytes: Buffer): ProxyHeader {
  if (beginsAlike(bytes, signature)) return parseVersion2(bytes);
  if (beginsAlike(bytes, Buffer.from('PROXY '))) return parseVersion1(bytes);
  return invalid('no PROXY header');
}

function beginsAlike(bytes: Buffer, wanted: Buffer): boolean {
  const length = Math.min(bytes.length, wanted.length);
  return bytes.subarray(0, length).equals(wanted.subarray(0, length));
}

function parseVersion1(bytes: Buffer): ProxyHeader {
  const end = bytes.subarray(0, longestLine).indexOf('\r\n');
  if (end < 0)
    return bytes.length < longestLine
      ? { kind: 'incomplete' }
      : invalid(`more than ${longestLine} bytes without an end of the line`);
  const line = bytes.toString('latin1', 0, end);
  const length = end + 2;
  const [, family = '', ...words] = line.split(' ');
  // What else stands there is to be ignored.
  if (family === 'UNKNOWN') return { kind: 'read', length };
  if (family !== 'TCP4' && family !== 'TCP6') return invalid(`an unknown protocol: ${line}`);
  const [source = '', destination = '', sourcePort = '', destinationPort = ''] = words;
  const isVersion6 = family === 'TCP6';
  const isAddress = (text: string) =>
    parseAddress(text) !== undefined && text.includes(':') === isVersion6 && !/\s/.test(text);
  if (words.length !== 4 || !isAddress(source) || !isAddress(destination))
    return invalid(`not two addresses of ${family} and two ports: ${line}`);
  if (!isPort(sourcePort) || !isPort(destinationPort)) return invalid(`not two ports: ${line}`);
  return { kind: 'read', length, ...addressOf(source) };
}

function isPort(text: string): boolean {
  return /^(?:0|[1-9]\d{0,4})$/.test(text) && Number(text) <= 65_535;
}

function parseVersion2(bytes: Buffer): ProxyHeader {
  if (bytes.length < 16) return { kind: 'incomplete' };
  const versionAndCommand = bytes.readUInt8(12);
  const family = bytes.readUInt8(13);
  const bodyLength = bytes.readUInt16BE(14);
  const command = versionAndCommand & 0x0f;
  if (versionAndCommand >> 4 !== 2 || command > 1)
    return invalid(`an unknown version or command: ${versionAndCommand.toString(16)}`);
  if (bodyLength > longestBody) return invalid(`a header of ${bodyLength} bytes`);
  const length = 16 + bodyLength;
  if (bytes.length < length) return { kind: 'incomplete' };
  // LOCAL: the proxy speaks for itself, such as to see whether anybody is here.
  if (command === 0) return { kind: 'read', length };
  const body = bytes.subarray(16, length);
  if (family === 0x11 && bodyLength >= 12)
    return { kind: 'read', length, ...addressOf([...body.subarray(0, 4)].join('.')) };
  if (family === 0x21 && bodyLength >= 36)
    return { kind: 'read', length, ...addressOf(version6Text(body.subarray(0, 16))) };
  return invalid(`protocol ${family.toString(16)} with ${bodyLength} bytes: neither TCP over IPv4 nor IPv6`);
}

function version6Text(address: Buffer): string {
  return [0, 2, 4, 6, 8, 10, 12, 14].map((at) => address.readUInt16BE(at).toString(16)).join(':');
}

function addressOf(text: string): { readonly address?: string } {
  const address = parseAddress(text);
  return address === undefined ? {} : { address };
}

function invalid(reason: string): ProxyHeader {
  return { kind: 'invalid', reason };
}
