import { findGroup, findUser } from '../config/index.js';
import type { LogDestination, Position, ProcessGroup, ServerConfig, VirtualHost } from '../config/model.js';
import { formatMounts } from './format-mounts.js';
import type { MountPorts } from './mounts.js';
import { printable } from './table.js';

/** What -S prints: httpd's page, and after it the process groups and mounts. */
export function formatVirtualHosts(config: ServerConfig, ports: MountPorts): string {
  const page = [
    'VirtualHost configuration:\n',
    ...groupByAddress(config).map(([address, hosts]) => formatAddress(config, address, hosts)),
    `ServerRoot: "${config.serverRoot}"\n`,
    ...formatMainServer(config),
    `PidFile: "${config.global.pidFile}"\n`,
    ...[...config.defines].map(([name, value]) => `Define: ${name}${value === '' ? '' : `=${value}`}\n`),
    ...formatAccount('User', config.global.user, findUser),
    ...formatAccount('Group', config.global.group, findGroup),
    ...(config.processGroups.length > 0 ? ['Process groups:\n'] : []),
    ...config.processGroups.map((group) => formatProcessGroup(config, group)),
    `Mounts:\n${formatMounts(config, ports)}`,
  ];
  return page.map(printableLines).join('');
}

function formatAccount(
  what: string,
  name: string | undefined,
  findId: (name: string) => number | undefined,
): string[] {
  return name === undefined ? [] : [`${what}: name="${name}" id=${findId(name) ?? 'unknown'}\n`];
}

type AddressGroup = readonly [address: string, hosts: readonly VirtualHost[]];

/** Addresses that name a host come first, as they win; otherwise the order of the file. */
function groupByAddress(config: ServerConfig): AddressGroup[] {
  const groups = new Map<string, VirtualHost[]>();
  for (const host of config.virtualHosts) {
    for (const address of host.addresses) {
      const name = `${address.host.includes(':') ? `[${address.host}]` : address.host}:${address.port}`;
      const group = groups.get(name);
      if (group) group.push(host);
      else groups.set(name, [host]);
    }
  }
  const isWildcard = ([name]: AddressGroup) => Number(name.startsWith('*:'));
  return [...groups].sort((a, b) => isWildcard(a) - isWildcard(b));
}

function formatAddress(config: ServerConfig, address: string, hosts: readonly VirtualHost[]): string {
  const head = address.padEnd(22);
  const [first] = hosts;
  if (!first) return '';
  if (hosts.length === 1) return `${head} ${formatName(config, first)}\n`;
  const port = address.slice(address.lastIndexOf(':') + 1);
  const lines = [`${head} is a NameVirtualHost`, `         default server ${formatName(config, first)}`];
  for (const host of hosts) {
    lines.push(`         port ${port} namevhost ${formatName(config, host)}`);
    for (const alias of host.serverAliases)
      lines.push(`                 ${/[*?]/.test(alias) ? 'wild alias' : 'alias'} ${alias}`);
  }
  return `${lines.join('\n')}\n`;
}

function formatName(config: ServerConfig, host: VirtualHost): string {
  const name = host.serverName?.host ?? config.mainServer.serverName?.host ?? 'localhost';
  return `${name} (${formatPosition(host.position)})`;
}

function formatMainServer(config: ServerConfig): string[] {
  const { documentRoot, errorLog } = config.mainServer.settings;
  return [
    ...(documentRoot === undefined ? [] : [`Main DocumentRoot: "${documentRoot}"\n`]),
    `Main ErrorLog: ${formatDestination(errorLog)}\n`,
  ];
}

function formatDestination(destination: LogDestination): string {
  if (destination.kind === 'file') return `"${destination.path}"`;
  if (destination.kind === 'program') return `"${destination.text}"`;
  return destination.kind === 'stderr' ? 'standard error' : 'standard output';
}

function formatProcessGroup(config: ServerConfig, group: ProcessGroup): string {
  const host = config.virtualHosts.find(({ id }) => id === group.virtualHostId);
  const details = [
    `processes=${group.processes}`,
    group.threads === undefined ? 'threads=15 for Python' : `threads=${group.threads}`,
    ...(group.user === undefined ? [] : [`user=${group.user}`]),
    ...(group.group === undefined ? [] : [`group=${group.group}`]),
    ...(group.home === undefined ? [] : [`home=${group.home}`]),
    ...(group.pythonHome === undefined ? [] : [`python-home=${group.pythonHome}`]),
    ...(host === undefined ? [] : [`only for ${host.serverName?.host ?? formatPosition(host.position)}`]),
  ];
  return `${' '.repeat(9)}${group.name.padEnd(13)} ${details.join(' ')} (${formatPosition(group.position)})\n`;
}

function formatPosition({ file, line }: Position): string {
  return `${file}:${line}`;
}

function printableLines(text: string): string {
  return text.split('\n').map(printable).join('\n');
}
