import type { ProxyingSettings } from '../config/model.js';
import {
  type HeaderList,
  headerValue,
  headerValues,
  isHeaderName,
  selectHeaders,
  setHeader,
} from '../http/index.js';

/** What the other server is told of the client and of this server. Byte strings. */
export interface ForwardedFor {
  readonly clientAddress: string;
  /** The Host that was asked for; absent: none. */
  readonly host?: string;
  readonly serverName: string;
}

export interface ClientFacts {
  /** The request's headers, as they stand now. */
  readonly headers: HeaderList;
  /** As the client sent them: only those can it take away again with Connection. */
  readonly sentHeaders: HeaderList;
  /** Lower-case names of fields that rules of the site file have a say in: the client has none. */
  readonly ownFields: ReadonlySet<string>;
  /** Host for the other server. */
  readonly host: string;
  /** Absent: ProxyAddHeaders Off. */
  readonly forwardedFor?: ForwardedFor;
  readonly via: ProxyingSettings['via'];
  /** `name[:port]` and `software` of this server; `protocol` of the client, such as `1.1`. */
  readonly viaEntry: { readonly protocol: string; readonly name: string; readonly software: string };
  /** Expect: 100-continue goes along. */
  readonly expectsContinue: boolean;
  /** The connection is to become one of this protocol. */
  readonly upgrade?: string;
}

/** What is about one connection only, or is said anew. Proxy-Authorization goes on (as httpd). */
const droppedFields: ReadonlySet<string> = new Set([
  'connection',
  'content-length',
  'expect',
  'host',
  'keep-alive',
  'proxy-connection',
  'te',
  'trailer',
  'trailers',
  'transfer-encoding',
  'upgrade',
]);

/** The headers of a request to another server, without Connection and the framing of its body: name, value, …. */
export function makeRequestHead(client: ClientFacts): string[] {
  let headers = foldRepeated(withoutConnectionFields(client));
  if (client.via === 'block') headers = selectHeaders(headers, (name) => name !== 'via');
  else if (client.via !== 'off') headers = append(headers, 'Via', describeVia(client));
  const hops = headerValue(headers, 'max-forwards');
  if (hops !== undefined && /^\d{1,9}$/.test(hops))
    headers = setHeader(headers, 'Max-Forwards', String(Math.max(0, Number(hops) - 1)));
  const { forwardedFor } = client;
  if (forwardedFor !== undefined) {
    headers = selectHeaders(headers, (name) => !resemblesForwarded(name) || client.ownFields.has(name));
    headers = append(headers, 'X-Forwarded-For', forwardedFor.clientAddress);
    if (forwardedFor.host !== undefined) headers = append(headers, 'X-Forwarded-Host', forwardedFor.host);
    headers = append(headers, 'X-Forwarded-Server', forwardedFor.serverName);
  }
  if (client.expectsContinue) headers.push('Expect', '100-continue');
  if (client.upgrade !== undefined) headers.push('Upgrade', client.upgrade);
  return ['Host', client.host, ...headers];
}

const forwardedFields: ReadonlySet<string> = new Set([
  'x-forwarded-for',
  'x-forwarded-host',
  'x-forwarded-server',
]);

/** `X_Forwarded_For`: many applications cannot tell it from the field that this server vouches for. */
function resemblesForwarded(name: string): boolean {
  return !forwardedFields.has(name) && forwardedFields.has(name.replace(/[^a-z0-9]/g, '-'));
}

/** What the server itself has set stays, whatever the client names in Connection: it may be what the other server trusts. */
function withoutConnectionFields({ headers, sentHeaders, ownFields }: ClientFacts): string[] {
  const named = new Set(
    headerValues(sentHeaders, 'connection').flatMap((value) =>
      value.split(',').map((option) => option.trim().toLowerCase()),
    ),
  );
  const isAsSent = (name: string) =>
    !ownFields.has(name) &&
    headerValues(headers, name).every((value) => headerValues(sentHeaders, name).includes(value));
  return selectHeaders(
    headers,
    (name) => isHeaderName(name) && !droppedFields.has(name) && !(named.has(name) && isAsSent(name)),
  );
}

/** Several fields of one name as one, where the first of them stands (as httpd). */
function foldRepeated(headers: HeaderList): string[] {
  const folded = new Map<string, [name: string, value: string]>();
  for (let at = 0; at < headers.length; at += 2) {
    const name = headers[at] as string;
    const value = headers[at + 1] as string;
    const before = folded.get(name.toLowerCase());
    if (before === undefined) folded.set(name.toLowerCase(), [name, value]);
    else before[1] = `${before[1]}, ${value}`;
  }
  return [...folded.values()].flat();
}

function append(headers: HeaderList, name: string, value: string): string[] {
  const before = headerValue(headers, name);
  return setHeader(headers, name, before === undefined ? value : `${before}, ${value}`);
}

function describeVia({ via, viaEntry: { protocol, name, software } }: ClientFacts): string {
  return `${protocol} ${name}${via === 'full' ? ` (${software})` : ''}`;
}
