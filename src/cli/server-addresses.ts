import type { Listener, ServerConfig, VirtualHost } from '../config/model.js';

/** `http://host:port`, or `https://`, for every listener on which this virtual host, or the main server, can be reached. */
export function listBaseUrls(config: ServerConfig, virtualHost: VirtualHost): string[] {
  const urls = config.listeners
    .filter((listener) => answersOn(config, virtualHost, listener))
    .map((listener) => formatBaseUrl(chooseName(virtualHost, listener), listener, virtualHost));
  return [...new Set(urls)];
}

/**
 * Virtual hosts that name the listener's own address hide those on `*`; the main server is left with connections whose
 * address no virtual host takes. A listener on all addresses can be met through any of them.
 */
function answersOn(config: ServerConfig, virtualHost: VirtualHost, listener: Listener): boolean {
  const takers = config.virtualHosts.filter((host) => fitOf(host, listener) !== 'no');
  if (virtualHost.id === config.mainServer.id) {
    return !takers.some((host) => fitOf(host, listener) !== 'some of its addresses');
  }
  const fit = fitOf(virtualHost, listener);
  return fit === 'any address'
    ? !takers.some((host) => fitOf(host, listener) === 'its address')
    : fit !== 'no';
}

type Fit = 'its address' | 'any address' | 'some of its addresses' | 'no';

function fitOf(virtualHost: VirtualHost, listener: Listener): Fit {
  const onPort = virtualHost.addresses.filter(({ port }) => port === '*' || port === listener.port);
  if (listener.host !== undefined && onPort.some(({ host }) => host === listener.host)) return 'its address';
  if (onPort.some(({ host }) => host === '*')) return 'any address';
  return isUnspecific(listener.host) && onPort.length > 0 ? 'some of its addresses' : 'no';
}

/** The name under which a person on this machine reaches it. */
function chooseName(virtualHost: VirtualHost, listener: Listener): string {
  const listening = isUnspecific(listener.host) ? undefined : listener.host;
  if (virtualHost.addresses.length === 0) return listening ?? virtualHost.serverName?.host ?? 'localhost';
  const named =
    virtualHost.serverName?.host ?? virtualHost.serverAliases.find((alias) => !/[*?]/.test(alias));
  const ownAddress = virtualHost.addresses.find(({ host }) => host !== '*')?.host;
  return named ?? ownAddress ?? listening ?? 'localhost';
}

function isUnspecific(host: string | undefined): boolean {
  return host === undefined || host === '0.0.0.0' || host === '::';
}

function formatBaseUrl(host: string, listener: Listener, { settings }: VirtualHost): string {
  const scheme = settings.tls === undefined ? 'http' : 'https';
  const port = listener.port === (scheme === 'https' ? 443 : 80) ? '' : `:${listener.port}`;
  return `${scheme}://${host.includes(':') ? `[${host}]` : host}${port}`;
}
