import type { AddressRange, TrustedHeaders } from '../config/model.js';
import { forwardingHeaders, type HeaderList, headerValues, parseHost, setHeader } from '../http/index.js';
import { isInRanges, parseAddress } from '../matching/index.js';

/** What an application is told of a request instead of what the connection says. */
export interface Presented {
  readonly headers: HeaderList;
  /** name, value, …: they go before the server's own variables of these names. */
  readonly variables: readonly string[];
  /** The header fields that were believed, in lower case. */
  readonly believed: readonly string[];
}

/**
 * WSGITrustedProxyHeaders: what proxies in front say of a request, if the client of this connection is one of them. Of the headers that
 * speak of the same as a listed one, only the one that is believed is left, so that no application can take another for it.
 * `proxies` undefined: everybody is one (as in mod_wsgi).
 */
export function presentForwarded(
  headers: HeaderList,
  clientAddress: string,
  trusted: TrustedHeaders,
  proxies: readonly AddressRange[] | undefined,
): Presented {
  const isTrusted = proxies === undefined || isInRanges(clientAddress, proxies) === true;
  const listed = trusted.names.map((name) => name.toLowerCase());
  const groups = new Set(listed.flatMap((name) => groupOf(name) ?? []));
  let kept: HeaderList = headers;
  const variables: string[] = [];
  const believed: string[] = [];
  for (const group of groups) {
    // The last one that is listed wins.
    const name = isTrusted
      ? listed.findLast((each) => groupOf(each) === group && textOf(headers, each) !== undefined)
      : undefined;
    const said = name === undefined ? undefined : interpret(name, textOf(headers, name) ?? '', proxies);
    kept = withoutGroup(kept, group, said === undefined ? undefined : name);
    if (name === undefined || said === undefined) continue;
    believed.push(name);
    variables.push(...said.variables);
    for (const [field, value] of said.fields) kept = setHeader(kept, field, value);
  }
  return { headers: kept, variables, believed };
}

interface Said {
  readonly variables: readonly string[];
  /** Fields that stand for those that were sent. */
  readonly fields: readonly (readonly [string, string])[];
}

/** Undefined: nothing that could be meant; the server's own word holds then. */
function interpret(
  name: string,
  value: string,
  proxies: readonly AddressRange[] | undefined,
): Said | undefined {
  switch (forwardingHeaders.get(name)) {
    case 'client':
      return name === 'x-forwarded-for' ? readForwardedFor(value, proxies) : say('REMOTE_ADDR', value);
    case 'host':
      return parseHost(value) === undefined ? undefined : { variables: [], fields: [['Host', value]] };
    case 'server':
      return parseHost(value) === undefined ? undefined : say('SERVER_NAME', value);
    case 'port':
      return /^\d{1,5}$/.test(value) ? say('SERVER_PORT', value) : undefined;
    case 'script':
      return value.startsWith('/') ? say('SCRIPT_NAME', value, 'mod_wsgi.mount_point', value) : undefined;
    case 'scheme':
      return /^https?$/i.test(value) ? sayScheme(value.toLowerCase() === 'https') : undefined;
    case 'secure':
      return /^(?:on|true|1|off|false|0)$/i.test(value)
        ? sayScheme(/^(?:on|true|1)$/i.test(value))
        : undefined;
    default:
      return undefined;
  }
}

function say(...variables: readonly string[]): Said {
  return { variables, fields: [] };
}

/** Also against what is known of the connection: the proxy may have ended TLS. */
function sayScheme(isSecure: boolean): Said {
  return say('HTTPS', isSecure ? 'on' : '');
}

/**
 * With a list of proxies, the address in front of the last ones that are proxies, and the field begins there: what stands before is
 * hearsay. Without one, the first address.
 */
function readForwardedFor(value: string, proxies: readonly AddressRange[] | undefined): Said | undefined {
  const items = value
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '');
  if (proxies === undefined) return items[0] === undefined ? undefined : say('REMOTE_ADDR', items[0]);
  const isProxy = (item: string) => {
    const address = parseAddress(item);
    return address !== undefined && isInRanges(address, proxies) === true;
  };
  const at = Math.max(
    items.findLastIndex((item) => !isProxy(item)),
    0,
  );
  const client = items[at];
  if (client === undefined) return undefined;
  return {
    variables: ['REMOTE_ADDR', client],
    fields: [['X-Forwarded-For', items.slice(at).join(', ')]],
  };
}

/** As one field; undefined: it is not there, or it is empty. */
function textOf(headers: HeaderList, name: string): string | undefined {
  const value = headerValues(headers, name).join(', ').trim();
  return value === '' ? undefined : value;
}

function withoutGroup(headers: HeaderList, group: string, kept: string | undefined): HeaderList {
  return headers.filter((_, at) => {
    const field = (headers[at - (at % 2)] as string).toLowerCase();
    // Names that become the same variable are the same to an application.
    return field === kept || groupOf(field.replace(/[^a-z0-9]/g, '-')) !== group;
  });
}

/** `secure` speaks of the scheme, too. */
function groupOf(name: string): string | undefined {
  const subject = forwardingHeaders.get(name);
  return subject === 'secure' ? 'scheme' : subject;
}
