import type {
  Condition,
  DirectorySettings,
  Position,
  ProxyPass,
  ProxyTarget,
  ScriptAlias,
  ServerConfig,
  VirtualHost,
} from '../config/model.js';
import type { NamedScript } from './handler.js';
import type { HtaccessRefusal } from './htaccess.js';
import type { Redirection } from './redirects.js';

/** Everything that decides which settings and which application a request meets. Byte strings throughout. */
export interface RoutingFacts {
  /** Local end of the connection; IPv4 in dotted form also when it came in on an IPv6 socket. */
  readonly localAddress: string;
  readonly localPort: number;
  /** Host without port, lower-case, without trailing dot; '' if the request has none. */
  readonly hostName: string;
}

export interface Router {
  /** O(1) in the number of virtual hosts. */
  selectVirtualHost(facts: RoutingFacts): VirtualHost;
  /** `path`: decoded, cleaned, slashes merged as the virtual host wants. Never throws for what a client can send. */
  /** `ask` evaluates <If>; without it a route that depends on one has a `fault`. */
  /** `rewritten`: what rules made of the path, in the place of what Redirect, Alias and DocumentRoot would. */
  route(virtualHost: VirtualHost, path: string, ask?: AskCondition, rewritten?: Rewritten): Route;
  /** What holds where no section has a say: for answers to requests whose path cannot be understood. */
  serverSettings(virtualHost: VirtualHost): DirectorySettings;
  /** The server that a rule wants to be asked: `url` decoded, without a query. A text: why nobody can be. */
  findRewritten(url: string, rule: RewrittenBy): ProxiedMapping | string;
  /** What the Redirect of a section answers to a path, once the request is let in. */
  findSectionRedirect(settings: DirectorySettings, path: string): Redirection | undefined;
}

/** What rules settled before anything is mapped. */
export interface Rewritten {
  /** An absolute name; absent: the path is mapped as it is. */
  readonly filename?: string;
  /** Another server answers, in the place of what ProxyPass says. */
  readonly proxied?: ProxiedMapping;
  /** They win over those of every section. */
  readonly forced?: ForcedSettings;
}

/** The rule, and whether what it made is encoded. */
export interface RewrittenBy {
  readonly position: Position;
  readonly isEncoded: boolean;
}

/** A name in the file system, and the alias or document root that it came from. */
export interface AccessedName {
  readonly filename: string;
  readonly pathInfo: string;
  readonly contextPrefix: string;
  readonly contextDocumentRoot: string;
}

export type ForcedSettings = Pick<DirectorySettings, 'handler' | 'handlerPosition' | 'forceType'>;

export interface Route {
  readonly virtualHost: VirtualHost;
  /** Merged in Apache's order; one frozen object per combination of sections, so identity may be used as a cache key. */
  readonly settings: DirectorySettings;
  readonly mapping: Mapping;
  /** The file name as far as the file system has it, a directory with the slash it was asked with; '' if there is none. */
  readonly accessed: AccessedName;
  /** What the named groups of Match sections caught: name, value, … Byte strings. */
  readonly variables: readonly string[];
  /** The <If> that could not be evaluated: `settings` are not those that were meant, and the request must be refused. */
  readonly fault?: Position;
  /** A .htaccess file cannot be understood or not be read: whoever asks must be refused, as with `fault`. */
  readonly refusal?: Pick<HtaccessRefusal, 'status' | 'level' | 'reason'>;
}

/** Whether the condition of an <If>, which stands at the position, holds for the request that is being routed. */
export type AskCondition = (condition: Condition, found: FoundSoFar, position: Position) => boolean | 'fault';

/** What is known of a request when the <If>s are asked. Byte strings. */
export interface FoundSoFar {
  /** As far as the path is mapped to a name in the file system. */
  readonly filename: string;
  readonly pathInfo: string;
  /** name, value, … */
  readonly variables: readonly string[];
}

/** Another server answers. */
export interface ProxiedMapping {
  readonly kind: 'proxied';
  readonly pass: Omit<ProxyPass, 'match'>;
  readonly by: 'ProxyPass' | 'RewriteRule' | 'SetHandler';
  readonly target: ProxyTarget;
  /** The path there, decoded; starts with `/`. */
  readonly path: string;
  /** What of the path here the URL replaces, and what is left of it; absent for patterns. */
  readonly prefix?: string;
  readonly rest?: string;
  /** A rule made it: its path is encoded already. */
  readonly isEncoded?: boolean;
  /** SetHandler chose it for this name. */
  readonly file?: AccessedName;
}

/** A WSGI script: `scriptFile` exists and is a file, unless a WSGIHandlerScript names it. */
export interface ScriptMapping {
  readonly kind: 'script';
  readonly scriptFile: string;
  readonly scriptName: string;
  readonly pathInfo: string;
  /** Absent when a handler was chosen. */
  readonly alias?: ScriptAlias;
  /** A WSGIHandlerScript. */
  readonly handled?: HandledResource;
}

/** What a WSGIHandlerScript answers for. */
export interface HandledResource extends NamedScript {
  /** The name in the file system, which need not be there; '' without DocumentRoot. */
  readonly filename: string;
  /** It names a regular file. */
  readonly isFile: boolean;
}

export type Mapping =
  /** A Redirect outside every section: it answers whoever asks, whatever protects the path (as in httpd). */
  | ({ readonly kind: 'redirect' } & Redirection)
  | ScriptMapping
  | ProxiedMapping
  | {
      readonly kind: 'file';
      readonly filename: string;
      readonly pathInfo: string;
      readonly contextPrefix: string;
      readonly contextDocumentRoot: string;
    }
  /** `filename` without trailing slash. */
  | {
      readonly kind: 'directory';
      readonly filename: string;
      readonly contextPrefix: string;
      readonly contextDocumentRoot: string;
      /** SetHandler: what answers where there is no index. */
      readonly handled?: ScriptMapping | ProxiedMapping;
    }
  /** No such file or directory, nothing mapped: 404. */
  | {
      readonly kind: 'missing';
      readonly filename: string;
      readonly reason: string;
      /** A script was to answer: a mistake of the site, where a missing file is the visitor's; no FallbackResource stands in. */
      readonly isScript?: true;
      /** A handler for names that are there or not: answers. */
      readonly handled?: ProxiedMapping;
    }
  /** The file system or an option forbids it: 403. */
  | { readonly kind: 'forbidden'; readonly filename: string; readonly reason: string };

export type CreateRouter = (config: ServerConfig) => Router;

export * from './chroot.js';
export * from './groups.js';
export { contextOf, findServer } from './handled-by-server.js';
export { findHtaccessSection, type HtaccessPorts } from './htaccess.js';
export * from './mounted-scripts.js';
export { settleOptions } from './options.js';
export { createHtaccessLookup } from './overrides.js';
export { isClimbing, urlOf } from './proxied.js';
export type { Redirection } from './redirects.js';
export { createRouter } from './router.js';
export * from './runtime.js';
export { findScriptName } from './script-name.js';
export { listMergedSettings } from './settings-cache.js';
export * from './virtual-host-names.js';
export { findChosenName } from './virtual-hosts.js';
