import { readFileSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Finding } from '../config/index.js';
import type { Position, ServerConfig, VirtualHost } from '../config/model.js';

/** Whether the .htaccess file of a directory is looked at: the router's answer. `directory` absolute, as in the site file. */
export type AsksForHtaccess = (virtualHost: VirtualHost, directory: string) => boolean;

/** Named directories that are looked into. */
const mostDirectories = 1_000;
/** Virtual hosts that are asked whether they read a file. */
const mostHosts = 200;
/** Larger ones nobody wrote. Bytes. */
const largestFile = 1_048_576;

const protection =
  /^\s*<?(Require(All|Any|None)?|Order|Deny|Allow|Satisfy|AuthType|AuthUserFile|AuthMerging|Limit|LimitExcept|AllowMethods|SSLRequire(SSL)?)\b/im;

/**
 * What `-t` says about .htaccess files that hold a protection and are never read, in the directories that the site file names. A
 * warning each, where the directory is named.
 */
export function checkHtaccess(config: ServerConfig, asksForHtaccess: AsksForHtaccess): Finding[] {
  const hosts = [config.mainServer, ...config.virtualHosts];
  const findings = new Map<string, Finding>();
  const isRead = (directory: string) =>
    hosts.slice(0, mostHosts).some((host) => asksForHtaccess(host, directory));
  let looked = 0;
  for (const host of hosts) {
    for (const { directory, position, directive } of namedDirectories(host)) {
      looked += 1;
      if (looked > mostDirectories) return [...findings.values()];
      const file = findProtection(host, directory);
      if (file === undefined || findings.has(file) || isRead(directory)) continue;
      const message = `AllowOverride None: ${file} looks like a protection, and is not read`;
      findings.set(file, { kind: 'unread-htaccess', position, directive, message });
    }
  }
  return [...findings.values()];
}

interface NamedDirectory {
  readonly directory: string;
  readonly position: Position;
  readonly directive: string;
}

function namedDirectories(host: VirtualHost): NamedDirectory[] {
  const { documentRoot } = host.settings;
  const sections = host.sections.flatMap(({ kind, match, position }) =>
    kind === 'directory' && match.kind === 'literal'
      ? [{ directory: match.text, position, directive: '<Directory>' }]
      : [],
  );
  const aliases = host.aliases.flatMap(({ match, target, position }) =>
    match.kind === 'prefix' ? [{ directory: target, position, directive: 'Alias' }] : [],
  );
  const scripts = host.scriptAliases.flatMap(({ match, target, position }) =>
    match.kind === 'prefix' ? [{ directory: target, position, directive: 'WSGIScriptAlias' }] : [],
  );
  const root =
    documentRoot === undefined
      ? []
      : [{ directory: documentRoot, position: host.position, directive: 'DocumentRoot' }];
  return [...sections, ...aliases, ...scripts, ...root].map(({ directory, ...named }) => ({
    directory: isDirectory(directory) ? directory : dirname(directory),
    ...named,
  }));
}

/** The file of a directory in which something restricts who may enter. */
function findProtection({ settings }: VirtualHost, directory: string): string | undefined {
  return settings.accessFileNames
    .map((name) => join(directory, name))
    .find((file) => protection.test(readText(file)));
}

/** '' for what is not there or cannot be read: whoever runs -t may see less than the server. */
function readText(file: string): string {
  try {
    const stats = statSync(file);
    return stats.isFile() && stats.size <= largestFile ? readFileSync(file, 'utf8') : '';
  } catch {
    return '';
  }
}

function isDirectory(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch {
    return false;
  }
}
