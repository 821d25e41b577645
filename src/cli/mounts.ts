import { relative } from 'node:path';
import type {
  Alias,
  DirectorySettings,
  HandlerScript,
  Position,
  ProxyTarget,
  ScriptAlias,
  Section,
  ServerConfig,
  VirtualHost,
} from '../config/model.js';
import { describeAccess } from './describe-access.js';

/** What is at one URL path of one virtual host, in words. */
export interface Mount {
  /** URL path; of a pattern, the pattern as written, after `~ `. */
  readonly path: string;
  readonly what: string;
  /** `node`, `python`, `files` or `proxy`; '' if nothing answers there. */
  readonly runtime: string;
  readonly processGroup: string;
  readonly access: string;
}

/** What `routing/` says of a request for a path; its `Route` is one. */
export interface MountRoute {
  readonly settings: DirectorySettings;
  readonly mapping:
    | {
        readonly kind: 'script';
        readonly scriptFile: string;
        readonly alias?: ScriptAlias;
        readonly handled?: { readonly script: HandlerScript };
      }
    | { readonly kind: 'file' | 'directory' | 'missing' | 'forbidden'; readonly filename: string }
    | { readonly kind: 'proxied'; readonly target: ProxyTarget }
    | { readonly kind: 'redirect'; readonly status: number; readonly location?: string };
  /** An <If> has a say in `settings`, and nobody can ask it. */
  readonly fault?: Position;
}

/**
 * The decisions that a request meets, asked rather than made again here, so that the table cannot say anything else
 * than what the server does.
 */
export interface MountPorts {
  /** The router's. `path`: a byte string. */
  route(virtualHost: VirtualHost, path: string): MountRoute;
  /** `node` or `python`. */
  runtimeOf(scriptFile: string): string;
}

/** Aliases, script aliases, the document root, and the sections inside them that say who may enter; by path. */
export function collectMounts(config: ServerConfig, virtualHost: VirtualHost, ports: MountPorts): Mount[] {
  const servers = virtualHost === config.mainServer ? [virtualHost] : [virtualHost, config.mainServer];
  const aliases = servers.flatMap((server) => server.aliases);
  const scriptAliases = servers.flatMap((server) => server.scriptAliases);
  const sections = servers.flatMap((server) => server.sections);
  const redirects = servers.flatMap((server) => server.redirects);
  const roots = listRoots(virtualHost, [...aliases, ...scriptAliases]);

  const paths = new Set([
    ...roots.map(({ path }) => path),
    ...servers.flatMap(({ proxyPasses }) => proxyPasses.flatMap(prefixOf)),
    ...sections
      .filter(({ settings }) => settings.proxyPass !== undefined)
      .flatMap((section) => pathsOf(section, [])),
    ...redirects.flatMap(prefixOf),
    ...sections.filter(saysWhoMayEnter).flatMap((section) => pathsOf(section, roots)),
  ]);
  const display = (path: string) => displayPath(path, config.serverRoot);
  return [
    ...[...paths].sort(comparePaths).map((path) => describePath(virtualHost, path, ports, display)),
    ...aliases.flatMap((alias) => describePattern(alias, display)),
    ...scriptAliases.flatMap((alias) => describeScriptPattern(alias, ports, display)),
    ...sections.filter(saysWhoMayEnter).flatMap((section) => describePatternSection(section, display)),
  ];
}

function prefixOf({ match }: Pick<Alias, 'match'>): string[] {
  return match.kind === 'prefix' ? [match.path] : [];
}

/** A URL path that leads to files or scripts. */
export interface Root {
  /** URL path. */
  readonly path: string;
  /** Where it leads on the disk. */
  readonly target: string;
}

/** Prefix aliases and the document root. */
export function listRoots(virtualHost: VirtualHost, aliases: readonly Alias[]): Root[] {
  const { documentRoot } = virtualHost.settings;
  return [
    ...aliases.flatMap(({ match, target }) =>
      match.kind === 'prefix' ? [{ path: match.path, target }] : [],
    ),
    ...(documentRoot === undefined ? [] : [{ path: '/', target: documentRoot }]),
  ];
}

function saysWhoMayEnter({ settings }: Section): boolean {
  return (
    settings.require !== undefined || settings.authType !== undefined || settings.authUserFile !== undefined
  );
}

/** The URL paths on which a section with a plain argument has its say. */
export function pathsOf(section: Section, roots: readonly Root[]): string[] {
  if (section.match.kind !== 'literal') return [];
  const { text } = section.match;
  if (section.kind === 'location') return text.startsWith('/') ? [text] : [];
  if (section.kind !== 'directory') return [];
  return roots.flatMap(({ path, target }) => {
    const below = relative(target, text);
    return below === '' || below.startsWith('..') || below.startsWith('/') ? [] : [joinPath(path, below)];
  });
}

function joinPath(path: string, below: string): string {
  return path.endsWith('/') ? path + below : `${path}/${below}`;
}

/** Parents before their children, whatever characters follow. */
function comparePaths(a: string, b: string): number {
  const [left, right] = [a.replaceAll('/', '\0'), b.replaceAll('/', '\0')];
  return left < right ? -1 : left > right ? 1 : 0;
}

function describePath(
  virtualHost: VirtualHost,
  path: string,
  ports: MountPorts,
  display: (path: string) => string,
): Mount {
  const { settings, mapping, fault } = ports.route(virtualHost, toByteString(path));
  // It answers whoever asks.
  if (mapping.kind === 'redirect') {
    const what =
      mapping.location === undefined ? `${mapping.status}` : `${mapping.status} to ${mapping.location}`;
    return { path, what, runtime: '', processGroup: '', access: 'everyone' };
  }
  const access = describeAccess(settings, display) + (fault === undefined ? '' : ', and as <If> says');
  if (mapping.kind === 'script') {
    const options = mapping.alias ?? mapping.handled?.script;
    const processGroup = options?.processGroup ?? settings.processGroup;
    return {
      path,
      what: display(toText(mapping.scriptFile)),
      runtime: ports.runtimeOf(mapping.scriptFile),
      processGroup: processGroup || '%{GLOBAL}',
      access,
    };
  }
  if (mapping.kind === 'proxied')
    return { path, what: mapping.target.url, runtime: 'proxy', processGroup: '', access };
  const file = display(toText(mapping.filename));
  const found = mapping.kind === 'file' || mapping.kind === 'directory';
  return {
    path,
    what:
      mapping.kind === 'directory' ? file.replace(/\/?$/, '/') : found ? file : `${file} (${mapping.kind})`,
    runtime: found ? 'files' : '',
    processGroup: '',
    access,
  };
}

/** AliasMatch: what it leads to, and who may enter, differs from path to path. */
function describePattern({ match, target }: Alias, display: (path: string) => string): Mount[] {
  if (match.kind === 'prefix') return [];
  const path = `~ ${match.pattern.source}`;
  return [{ path, what: display(target), runtime: '', processGroup: '', access: 'depends on the path' }];
}

/** WSGIScriptAliasMatch. */
function describeScriptPattern(
  alias: ScriptAlias,
  ports: MountPorts,
  display: (path: string) => string,
): Mount[] {
  const runtime = ports.runtimeOf(toByteString(alias.target));
  const processGroup = alias.processGroup ?? '';
  return describePattern(alias, display).map((mount) => ({ ...mount, runtime, processGroup }));
}

/** <LocationMatch> and <Location> with wildcards that say who may enter; settings from elsewhere may add to them. */
function describePatternSection(section: Section, display: (path: string) => string): Mount[] {
  if (section.kind !== 'location' || section.match.kind === 'literal') return [];
  const access = section.settings.require ? describeAccess(section.settings, display) : 'depends on the path';
  return [
    { path: `~ ${section.argument.replace(/^~\s*/, '')}`, what: '', runtime: '', processGroup: '', access },
  ];
}

function displayPath(path: string, serverRoot: string): string {
  const inside = relative(serverRoot, path);
  return inside === '' ? '.' : inside.startsWith('..') ? path : inside;
}

/** The site file is Unicode, the router speaks in bytes. */
function toByteString(text: string): string {
  return Buffer.from(text, 'utf8').toString('latin1');
}

function toText(byteString: string): string {
  return Buffer.from(byteString, 'latin1').toString('utf8');
}
