import { isIPv6 } from 'node:net';
import { rememberTexts } from './remember-texts.js';
import { trimBlanks } from './trim-blanks.js';

/** A host that a request names. */
export interface RequestHost {
  /** Lower case, without a trailing dot; IPv6 without brackets. */
  readonly host: string;
  readonly port?: number;
}

/**
 * `host[:port]` of a Host header or an absolute-form target, by the rules of Apache's `HttpProtocolOptions Strict`;
 * undefined: answer 400.
 */
export const parseHost: (value: string) => RequestHost | undefined = rememberTexts(readHost, {
  most: 1_000,
  longest: 256,
});

function readHost(value: string): RequestHost | undefined {
  const text = trimBlanks(value).toLowerCase();
  const split = text.startsWith('[') ? splitBracketed(text) : splitName(text);
  if (split === undefined) return undefined;
  const { host, portText } = split;
  if (portText === undefined) return { host };
  const port = parsePort(portText);
  return port === undefined ? undefined : { host, port };
}

interface SplitHost {
  readonly host: string;
  readonly portText?: string;
}

function splitBracketed(text: string): SplitHost | undefined {
  const end = text.indexOf(']');
  const host = text.slice(1, end);
  // A zone (`%eth0`) means nothing outside the machine that wrote it.
  if (end === -1 || !isIPv6(host) || host.includes('%')) return undefined;
  const rest = text.slice(end + 1);
  if (rest === '') return { host };
  return rest.startsWith(':') ? { host, portText: rest.slice(1) } : undefined;
}

function splitName(text: string): SplitHost | undefined {
  const colon = text.indexOf(':');
  const written = colon === -1 ? text : text.slice(0, colon);
  const host = written.endsWith('.') ? written.slice(0, -1) : written;
  if (!isHostName(host)) return undefined;
  return colon === -1 ? { host } : { host, portText: text.slice(colon + 1) };
}

/** `host` in lower case. Looser than DNS (`_`, any length), stricter than RFC 3986. */
function isHostName(host: string): boolean {
  if (!/^\.?[a-z0-9_-]+(?:\.[a-z0-9_-]+)*$/.test(host)) return false;
  if (/^[0-9.]+$/.test(host)) return isDottedDecimal(host);
  const lastDot = host.lastIndexOf('.');
  return lastDot === -1 || /[a-z]/.test(host.charAt(lastDot + 1));
}

function isDottedDecimal(host: string): boolean {
  const numbers = host.split('.');
  return numbers.length === 4 && numbers.every((number) => number === '0' || /^[1-9][0-9]*$/.test(number));
}

function parsePort(text: string): number | undefined {
  if (!/^[0-9]+$/.test(text)) return undefined;
  const port = Number(text);
  return port >= 1 && port <= 65535 ? port : undefined;
}
