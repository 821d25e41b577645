import type { ServerConfig, VirtualHost } from '../config/model.js';
import { collectMounts, type MountPorts } from './mounts.js';
import { listBaseUrls } from './server-addresses.js';
import { formatTable, printable } from './table.js';

/** The table that a start in the foreground prints: what is mounted where, and who may enter. */
export function formatMounts(config: ServerConfig, ports: MountPorts): string {
  const hosts = [config.mainServer, ...config.virtualHosts];
  const blocks = hosts.flatMap((host) => formatHost(config, host, ports));
  return blocks.length > 0 ? blocks.join('\n') : 'Nothing is mounted on any listener.\n';
}

function formatHost(config: ServerConfig, host: VirtualHost, ports: MountPorts): string[] {
  const [base, ...others] = listBaseUrls(config, host);
  const mounts = base === undefined ? [] : collectMounts(config, host, ports);
  if (base === undefined || mounts.length === 0) return [];
  const rows = mounts.map((mount) => [
    mount.path.startsWith('/') ? encodeURI(`${base}${mount.path}`) : mount.path,
    mount.what || '-',
    mount.runtime || '-',
    mount.processGroup || '-',
    mount.access,
  ]);
  const table = formatTable(['URL', 'what', 'runtime', 'process group', 'who may enter'], rows);
  const same = others.length > 0 ? `The same at ${others.map(printable).join(', ')}\n` : '';
  return [table + same];
}
