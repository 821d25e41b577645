/**
 * What a site file means, as plain data: no functions, no classes, so that the supervisor can hand it to the
 * front ends over a structured-clone channel. Types only; the stages that fill it are beside this file.
 * Everything is frozen before it leaves this room.
 */

import type { Condition, Text as ExpressionText } from '../expressions/index.js';
import type { LogLevel } from '../log/index.js';
import type { AddressRange, TrustedProxy } from '../matching/index.js';
import type { RewriteMap, RewriteSettings } from '../rewriting/index.js';
import type {
  AuthnAlias,
  AuthnCacheStore,
  AuthScript,
  AuthThrottle,
  DigestAlgorithm,
  HostAccess,
  Requirement,
} from './access-model.js';
import type { Balancer } from './balancer-model.js';
import type { HeaderRule } from './header-model.js';
import type { AllowedOverrides } from './htaccess-model.js';
import type { Macro } from './macros.js';
import type { ProcessGroup } from './process-group-model.js';
import type {
  FcgiVariableRule,
  ProxyingSettings,
  ProxyParameters,
  ProxyPass,
  ProxyReverse,
  ProxyTlsSettings,
  SectionProxyPass,
} from './proxy-model.js';
import type { TlsAccess, TlsSettings } from './tls-model.js';

export type * from './access-model.js';
export type * from './balancer-model.js';
export type * from './header-model.js';
export type * from './htaccess-model.js';
export type * from './proxy-model.js';
export type * from './tls-model.js';
export type { AddressRange, Condition, ProcessGroup, TrustedProxy };

/** Where a directive stands. `line` counts from 1; of a continued line it is the last physical line (as httpd). */
export interface Position {
  readonly file: string;
  readonly line: number;
}

/** One thing that is wrong with the configuration, or worth a warning. */
export interface Mistake {
  readonly severity: 'error' | 'warning';
  /** `MH0123`; `mistake-codes.ts` says what it means. */
  readonly code: string;
  /** Of a continued line, the physical line that the mistake is in. */
  readonly position: Position;
  /** From 1, counting UTF-16 units; absent for mistakes of a whole file. */
  readonly column?: number;
  /** The column behind the last character. */
  readonly endColumn?: number;
  /** The line, cut if it is long, and what in it is meant; absent if it holds a secret. */
  readonly excerpt?: { readonly text: string; readonly start: number; readonly length: number };
  /** The directive or section as the user wrote it; absent for mistakes of a whole file. */
  readonly directive?: string;
  /** One sentence: what is wrong and what was expected. */
  readonly message: string;
  /** The nearest known name or value; also in the message. */
  readonly suggestion?: string;
}

export interface ServerConfig {
  /** Absolute path. */
  readonly serverRoot: string;
  /** Absolute path of the file given with -f. */
  readonly configFile: string;
  /** Every file that was read, in order. */
  readonly filesRead: readonly string[];
  /** Names defined by `Define` or -D; the value is '' for a bare name. */
  readonly defines: ReadonlyMap<string, string>;
  readonly listeners: readonly Listener[];
  readonly global: GlobalSettings;
  /** The main server: what stands outside every <VirtualHost>. `id` 0. */
  readonly mainServer: VirtualHost;
  /** In the order of the file. */
  readonly virtualHosts: readonly VirtualHost[];
  readonly processGroups: readonly ProcessGroup[];
  /** %{GLOBAL}: what the front end would run itself under Apache ("embedded mode") has a group of its own, named ''. */
  readonly embeddedGroup: ProcessGroup;
  readonly importScripts: readonly ImportScript[];
  readonly htaccess: HtaccessNeeds;
  readonly warnings: readonly Mistake[];
}

export interface Listener {
  /** Absent: all addresses. IPv6 without brackets. */
  readonly host?: string;
  readonly port: number;
  /** The optional second argument of Listen. */
  readonly protocol?: string;
  readonly position: Position;
}

/** Settings that exist once per server, from directives that cannot stand in <VirtualHost>. */
export interface GlobalSettings {
  /** Account that the front ends run as when the supervisor is root; `#1000` is a numeric id. */
  readonly user?: string;
  readonly group?: string;
  /** Absolute. */
  readonly pidFile: string;
  /** Absolute directory for sockets. */
  readonly runtimeDirectory: string;
  /** WSGISocketPrefix, absolute; absent: `<runtimeDirectory>/wsgi`. */
  readonly socketPrefix?: string;
  /** Absent: memory. */
  readonly authnCacheStore?: AuthnCacheStore;
  /** Absolute; it can be read before User is taken on. */
  readonly authnCacheSecretFile?: string;
  /** Number of front-end processes (`ServerLimit`); absent: as processors and daemon processes suggest. */
  readonly frontEnds?: number;
  readonly listenBacklog: number;
  /** SSLPassPhraseDialog exec: absolute path of a program, perhaps with arguments. */
  readonly passPhraseProgram?: string;
  readonly pythonHome?: string;
  readonly pythonPath: readonly string[];
  /** WSGIRestrictEmbedded: a request that selects no daemon process group answers 500. */
  readonly restrictEmbedded: boolean;
  readonly serverTokens: 'full' | 'os' | 'minimal' | 'minor' | 'major' | 'prod';
  readonly gracefulShutdownTimeoutMs: number;
  /** TypesConfig: extension in lower case → media type; absent: what is widely known. */
  readonly mediaTypes?: ReadonlyMap<string, string>;
  /** What ProxyPass, ProxySet and <Proxy> say of connections, by URL: for the URLs that rules make. */
  readonly proxyParameters: ReadonlyMap<string, ProxyParameters>;
  /** Protocols that some request may make of its connection, besides WebSocket; lower case. `any`: whatever it asks for. */
  readonly upgradeProtocols: ReadonlySet<string>;
}

/** What the text of a .htaccess file may refer to. */
export interface HtaccessNeeds {
  readonly macros: readonly Macro[];
  /** <AuthnProviderAlias> by name. */
  readonly authnAliases: ReadonlyMap<string, AuthnAlias>;
  /** <AuthzProviderAlias> by name. */
  readonly authzAliases: ReadonlyMap<string, Requirement>;
  /** WSGIHandlerScript, wherever it stands: names in lower case. */
  readonly handlerNames: ReadonlySet<string>;
}

/** A virtual host, or the main server. Lists are not merged with the main server's: routing does that. */
export interface VirtualHost {
  /** 0 for the main server, then 1, 2, … in the order of the file. */
  readonly id: number;
  readonly position: Position;
  /** As written in <VirtualHost>; empty for the main server. */
  readonly addresses: readonly VirtualHostAddress[];
  readonly serverName?: ServerName;
  /** Lower-cased, in the order of the file; may hold the wildcards `*` and `?`. */
  readonly serverAliases: readonly string[];
  /** Main server's settings overridden by this host's. */
  readonly settings: ServerSettings;
  /** Directory-context directives that stand directly in the server or the virtual host. */
  readonly directorySettings: DirectorySettings;
  /** Redirect and its kin that stand in no section, in the order of the file. */
  readonly redirects: readonly Redirect[];
  /** Alias, AliasMatch, in the order of the file. */
  readonly aliases: readonly Alias[];
  /** WSGIScriptAlias, WSGIScriptAliasMatch, in the order of the file. */
  readonly scriptAliases: readonly ScriptAlias[];
  /** ProxyPass and ProxyPassMatch outside every section, in the order of the file. */
  readonly proxyPasses: readonly ProxyPass[];
  /** Those that are known here, by name. */
  readonly balancers: ReadonlyMap<string, Balancer>;
  /** RewriteRule and its kin outside every section, with what is inherited of the main server's. */
  readonly rewriting?: RewriteSettings;
  readonly rewriteMaps?: ReadonlyMap<string, RewriteMap>;
  /** SetEnvIf and its kin outside every section, the main server's first: as soon as the virtual host is known. */
  readonly environmentRules: readonly EnvironmentRule[];
  /** Header and RequestHeader with `early`, the main server's first: before anything else is done with a request. */
  readonly earlyHeaders: {
    readonly request: readonly HeaderRule[];
    readonly response: readonly HeaderRule[];
  };
  /** Top-level sections in the order of the file. */
  readonly sections: readonly Section[];
}

export interface VirtualHostAddress {
  /** `*` for `*` and `_default_`; IPv6 without brackets. Names are kept as written. */
  readonly host: string;
  /** `*`: any port. */
  readonly port: number | '*';
}

export interface ServerName {
  readonly scheme?: 'http' | 'https';
  /** Lower-cased. */
  readonly host: string;
  readonly port?: number;
}

/** Settings of a server or virtual host that no section can change. Complete: defaults are filled in. */
export interface ServerSettings {
  /** Absolute; absent: no document root. */
  readonly documentRoot?: string;
  readonly serverAdmin?: string;
  /** Without ErrorLog: standard error when in the foreground, else `logs/error_log`. */
  readonly errorLog: LogDestination;
  readonly logLevel: LogLevels;
  /** Empty: those of the main server. */
  readonly customLogs: readonly CustomLog[];
  /** Per wait on the client. */
  readonly timeoutMs: number;
  /** RequestReadTimeout, on top of `timeoutMs`; what is absent has no limit. */
  readonly readTimeouts: ReadTimeouts;
  readonly keepAlive: boolean;
  readonly keepAliveTimeoutMs: number;
  /** 0: no limit. */
  readonly maxKeepAliveRequests: number;
  readonly limitRequestLine: number;
  readonly limitRequestFieldSize: number;
  /** 0: no limit. */
  readonly limitRequestFields: number;
  readonly mergeSlashes: boolean;
  readonly allowEncodedSlashes: 'off' | 'on' | 'nodecode';
  readonly traceEnable: 'on' | 'off' | 'extended';
  /** Absent: the virtual host speaks plain HTTP. */
  readonly tls?: TlsSettings;
  /** StrictHostCheck: a request for a name that no virtual host of the address bears answers 400. */
  readonly strictHostCheck: boolean;
  /** AccessFileName: of these, the first that is in a directory is read. */
  readonly accessFileNames: readonly string[];
  /** What holds for everything that is passed on to other servers. */
  readonly proxying: ProxyingSettings;
  /** LimitInternalRecursion: how often one request may be sent to another path, and how deep indexes may lead. */
  readonly internalRecursion: { readonly redirects: number; readonly subrequests: number };
  /** RemoteIPHeader: in which request field proxies name the client. */
  readonly remoteIpHeader?: { readonly name: string; readonly position: Position };
  /** RemoteIPProxiesHeader: the field that tells of the proxies in between. */
  readonly remoteIpProxiesHeader?: string;
  /** RemoteIPProxyProtocol: every connection to the address begins with a PROXY header, but for those from the exceptions. */
  readonly proxyProtocol: boolean;
  readonly proxyProtocolExceptions: readonly AddressRange[];
  /** Whom to believe; the main server's first. Empty: everybody. */
  readonly remoteIpProxies: readonly TrustedProxy[];
}

/** RequestReadTimeout, by what is being read. */
export interface ReadTimeouts {
  readonly handshake?: ReadLimit;
  readonly header?: ReadLimit;
  readonly body?: ReadLimit;
}

/** How slow a client may be while something is read. */
export interface ReadLimit {
  /** 0: no limit. */
  readonly initialMs: number;
  /** Absent: no longest time. */
  readonly maximumMs?: number;
  /** Each time so many bytes have come there is a second more; absent: never. */
  readonly bytesPerSecond?: number;
}

export type LogDestination =
  /** `path` absolute. */
  | { readonly kind: 'file'; readonly path: string }
  /** Lines go to its standard input; `text` as it was written, which names it. */
  | { readonly kind: 'program'; readonly command: readonly string[]; readonly text: string }
  | { readonly kind: 'stdout' }
  | { readonly kind: 'stderr' };

export interface LogLevels {
  readonly default: LogLevel;
  /** By module identifier without `_module` (`wsgi`, `authz_core`). */
  readonly modules: ReadonlyMap<string, LogLevel>;
}

export interface CustomLog {
  readonly destination: LogDestination;
  /** The format text; nicknames are resolved. */
  readonly format: string;
  readonly condition?: /** `env=NAME` / `env=!NAME`. */
    | { readonly kind: 'variable'; readonly variable: string; readonly negated: boolean }
    /** `expr=…` */
    | { readonly kind: 'expression'; readonly condition: Condition };
  readonly position: Position;
}

export interface Alias {
  /** For `Alias`: the URL prefix. For `AliasMatch`: the pattern. */
  readonly match:
    | { readonly kind: 'prefix'; readonly path: string }
    | { readonly kind: 'regex'; readonly pattern: RegExp };
  /** Absolute path; may hold `$1` … for AliasMatch. */
  readonly target: string;
  /** ScriptAlias: what answers for the files there, in place of what sections say. */
  readonly handler?: string;
  readonly position: Position;
}

/** Redirect, RedirectMatch: an answer that names another address, or (without target) just a status. */
export interface Redirect {
  readonly match: Alias['match'];
  readonly status: number;
  /** URL, or a path that begins with `/`; may hold `$1` … for RedirectMatch. There with every 3xx, and only there. */
  readonly target?: string;
  readonly position: Position;
}

/** Redirect without a path, in a section: the one answer of everything there. */
export interface FixedRedirect extends Omit<Redirect, 'match'> {
  /** In place of `target`: a URL that depends on the request. */
  readonly expression?: ExpressionText;
}

/** What is sent in place of the server's own page of a status. */
export type ErrorDocument =
  | { readonly kind: 'default' }
  /** Sent as text/html. */
  | { readonly kind: 'text'; readonly text: string }
  /** The same, with parts that depend on the request. */
  | { readonly kind: 'expression'; readonly text: ExpressionText }
  /** URL path, perhaps with a query: answered as if it had been asked for, but with the status of the error. */
  | { readonly kind: 'path'; readonly path: string }
  | { readonly kind: 'url'; readonly url: string };

/** What one extension of a file name means. An empty text takes away what was said before, or is widely known. */
export interface ExtensionSettings {
  readonly type?: string;
  readonly encoding?: string;
  readonly language?: string;
  readonly charset?: string;
  readonly handler?: string;
  /** Of AddHandler. */
  readonly handlerPosition?: Position;
}

/** FileETag: as with Options, words with signs change what was inherited. */
export interface FileETagSetting {
  readonly absolute: boolean;
  readonly add: ReadonlySet<'inode' | 'mtime' | 'size'>;
  readonly remove: ReadonlySet<'inode' | 'mtime' | 'size'>;
}

export interface ScriptAlias extends Alias {
  /** `process-group=` and its kin on the directive itself; they win over the settings of sections. */
  readonly processGroup?: string;
  readonly applicationGroup?: string;
  readonly callableObject?: string;
  readonly passAuthorization?: boolean;
  /** WebSocketScriptAlias: comes before every other one. */
  readonly isForWebSocket?: true;
  /** How the exported object of a JavaScript module is called; absent: by its shape. */
  readonly applicationInterface?: ApplicationInterface;
}

/** WSGIHandlerScript: what answers wherever SetHandler or AddHandler names it, by its function `handle_request`. */
export interface HandlerScript {
  /** Absolute. */
  readonly file: string;
  /** `process-group=` and its kin; they win over the settings of sections. */
  readonly processGroup?: string;
  readonly applicationGroup?: string;
  readonly passAuthorization?: boolean;
  readonly position: Position;
}

export type ApplicationInterface = 'auto' | 'wsgi' | 'fetch' | 'node';

export type SectionKind = 'directory' | 'files' | 'proxy' | 'location' | 'if';

/** <Directory>, <Files>, <Location>, <Proxy> and their Match forms; <If>, <ElseIf>, <Else>. */
export interface Section {
  readonly kind: SectionKind;
  readonly position: Position;
  /** As written, for messages. */
  readonly argument: string;
  readonly match: SectionMatch;
  readonly settings: DirectorySettings;
  /** <Files> inside <Directory>, <If> and its kin inside any. */
  readonly sections: readonly Section[];
  /** It is a .htaccess file, which `argument` names. */
  readonly isHtaccess?: true;
}

export type SectionMatch =
  /** Compared by path segments (`directory`, `location`) or with the base name (`files`). */
  | { readonly kind: 'literal'; readonly text: string }
  /** `*`, `?`, `[...]`, never matching `/`. */
  | { readonly kind: 'wildcard'; readonly text: string }
  /** `~` and the Match forms. Unanchored. */
  | { readonly kind: 'regex'; readonly pattern: RegExp }
  /** Of an <If> and the <ElseIf> and <Else> that follow it, the first that holds. */
  | { readonly kind: 'condition'; readonly branch: ConditionBranch; readonly condition: Condition };

export type ConditionBranch = 'if' | 'else-if' | 'else';

/**
 * What a section says. Absent = not said there, so that a later section overrides only what it names. How each
 * member merges is one table in `routing/merge-settings.ts`.
 */
export interface DirectorySettings {
  // Who may enter
  readonly require?: Requirement;
  readonly authMerging?: 'off' | 'and' | 'or';
  /** 'none' is AuthType None; any other word than basic and digest is kept to be refused at request time. */
  readonly authType?: string;
  readonly authName?: string;
  readonly authBasicProviders?: readonly string[];
  /** <AuthnProviderAlias>: what those of the providers are that are no providers of modhost's own. */
  readonly authnAliases?: ReadonlyMap<string, AuthnAlias>;
  readonly authBasicAuthoritative?: boolean;
  /** AuthBasicUseDigestAlgorithm: passwords of Basic are checked against what is stored for Digest. */
  readonly authBasicUsesDigest?: boolean;
  /** AuthBasicFake: what applications and other servers get as Authorization; 'off' takes an outer one away. */
  readonly authBasicFake?: 'off' | { readonly user: ExpressionText; readonly password: ExpressionText };
  readonly authDigestProviders?: readonly string[];
  readonly authDigestAlgorithm?: DigestAlgorithm;
  /** URLs that share names and passwords with the one asked for. */
  readonly authDigestDomain?: readonly string[];
  /** Negative: for ever. */
  readonly authDigestNonceLifetimeMs?: number;
  /** AuthDigestNcCheck: each request of a client is taken once. */
  readonly authDigestCountsRequests?: boolean;
  readonly anonymousUsers?: readonly string[];
  readonly anonymousMustGiveEmail?: boolean;
  readonly anonymousVerifyEmail?: boolean;
  readonly anonymousLogEmail?: boolean;
  /** Anonymous_NoUserID: an empty name will do. */
  readonly anonymousNeedsNoUser?: boolean;
  /** Absolute. */
  readonly authUserFile?: string;
  /** Absolute. */
  readonly authGroupFile?: string;
  readonly authUserScript?: AuthScript;
  readonly authGroupScript?: AuthScript;
  /** How long, for which words of AuthBasicProvider and within what verified credentials are kept. */
  readonly authnCacheTimeoutMs?: number;
  readonly authnCacheProvideFor?: readonly string[];
  /** `directory`, `server`, or a name of the site file's own. */
  readonly authnCacheContext?: string;
  /** What is not said is as `auth/login-guard.ts` has it. */
  readonly authThrottle?: AuthThrottle;
  /** WSGIAccessScript: asked before anybody has to log in. */
  readonly accessScript?: AuthScript;
  /** AuthzSendForbiddenOnFailure: 403 in place of 401 for somebody who has authenticated. */
  readonly sendForbiddenOnFailure?: boolean;
  /** Order, Allow, Deny, Satisfy. They never merge: a later section with one of them drops all of the earlier ones. */
  readonly hostAccess?: HostAccess;
  /** AllowMethods: others answer 405; GET stands for HEAD too. Empty: all are let through. */
  readonly allowedMethods?: readonly string[];
  /** What .htaccess files may say; absent: nothing is allowed, but they are looked at (as httpd). */
  readonly allowOverride?: AllowedOverrides;
  /** AllowOverrideList: directives in lower case, besides those of allowOverride. */
  readonly allowOverrideList?: ReadonlySet<string>;

  // Applications
  readonly processGroup?: string;
  /** WSGIRestrictProcess: applications may run in no others; '' is %{GLOBAL}. */
  readonly allowedProcessGroups?: readonly string[];
  readonly applicationGroup?: string;
  readonly callableObject?: string;
  /** WSGIDispatchScript: asked for the groups and the callable of each request. */
  readonly dispatchScript?: AuthScript;
  /** By name in lower case; merged by name. */
  readonly handlerScripts?: ReadonlyMap<string, HandlerScript>;
  readonly applicationInterface?: ApplicationInterface;
  readonly passAuthorization?: boolean;
  /** WSGITrustedProxyHeaders: what applications are told of what proxies in front say. */
  readonly trustedHeaders?: TrustedHeaders;
  /** WSGITrustedProxies: who is believed in them; absent: everybody. */
  readonly trustedProxies?: readonly AddressRange[];
  readonly scriptReloading?: boolean;
  readonly chunkedRequest?: boolean;
  readonly mapHeadToGet?: 'on' | 'off' | 'auto';
  readonly errorOverride?: boolean;

  // Environment of applications; merged by name.
  readonly environment?: EnvironmentSettings;
  /** SetEnvIf and its kin in sections: before anybody asks who may enter. One after the other, outer sections first. */
  readonly environmentRules?: readonly EnvironmentRule[];

  /** RequestHeader, one after the other, outer sections first: when it is known who asks, and before anybody serves it. */
  readonly requestHeaders?: readonly HeaderRule[];

  // Where a request goes
  /** RewriteRule and its kin in sections. */
  readonly rewriting?: RewriteSettings;
  /** Redirect with a path; those of later sections come first. */
  readonly redirects?: readonly Redirect[];
  /** Redirect without one; it comes before the others. */
  readonly fixedRedirect?: FixedRedirect;
  /** RedirectRelative: a target without a host is sent as it is. */
  readonly redirectRelative?: boolean;
  /** Alias with one argument, in <Location>: absolute path of the file or directory that stands for all of it. */
  readonly aliasTarget?: string;
  /** The URL path of that <Location>; '' if it is a pattern. */
  readonly aliasLocation?: string;
  /** AliasPreservePath: what follows that path is looked for below the target. */
  readonly aliasPreservePath?: boolean;
  readonly directoryIndex?: readonly string[];
  readonly directorySlash?: boolean;
  /** DirectoryIndexRedirect: the status of the redirect to an index; 0: it is answered in place. */
  readonly directoryIndexRedirect?: number;
  /** URL path; '' is `disabled`. */
  readonly fallbackResource?: string;
  readonly options?: OptionsSetting;
  /** `wsgi-script`, `default-handler`, `none`, one of handlerScripts, `proxy:URL`. Any other modhost does not run: what it would answer is refused. */
  readonly handler?: string;
  /** Of SetHandler. */
  readonly handlerPosition?: Position;
  readonly acceptPathInfo?: 'on' | 'off' | 'default';

  // What is passed on to other servers
  /** ProxyPass with one argument, in <Location>. */
  readonly proxyPass?: SectionProxyPass;
  readonly proxyReverses?: readonly ProxyReverse[];
  readonly proxyPreserveHost?: boolean;
  readonly proxyAddHeaders?: boolean;
  /** ProxyErrorOverride: `all` of 400 and above, or those statuses. */
  readonly proxyErrorOverride?: 'none' | 'all' | readonly number[];
  readonly proxyContinue?: boolean;
  /** CGIPassAuth */
  readonly cgiPassAuth?: boolean;
  /** ProxySCGIInternalRedirect */
  readonly scgiInternalRedirect?: boolean;
  readonly fcgiBackendType?: 'fpm' | 'generic';
  /** In the order in which they are asked. */
  readonly fcgiVariables?: readonly FcgiVariableRule[];
  readonly proxyTls?: ProxyTlsSettings;

  // What an answer looks like
  /** By extension in lower case, without dot; merged by extension and member. */
  readonly extensions?: ReadonlyMap<string, ExtensionSettings>;
  /** `none` takes an outer one away. */
  readonly forceType?: string;
  readonly defaultLanguage?: string;
  /** AddDefaultCharset; '' is Off. */
  readonly defaultCharset?: string;
  readonly fileETag?: FileETagSetting;
  /** By status; merged by status. */
  readonly errorDocuments?: ReadonlyMap<number, ErrorDocument>;
  readonly serverSignature?: 'on' | 'off' | 'email';
  readonly expiresActive?: boolean;
  readonly expiresDefault?: ExpiryRule;
  /** By media type in lower case, or `text/*`; merged by type. */
  readonly expiresByType?: ReadonlyMap<string, ExpiryRule>;
  /** Header, one after the other, outer sections first. */
  readonly responseHeaders?: readonly HeaderRule[];
  readonly useCanonicalName?: 'on' | 'off' | 'dns';
  readonly useCanonicalPhysicalPort?: boolean;

  /** What SSL* asks of requests. */
  readonly tls?: TlsAccess;
  /** Bytes; 0: no limit. */
  readonly limitRequestBody?: number;
  readonly logLevel?: LogLevels;
}

export interface EnvironmentSettings {
  /** SetEnv: name → value ('' when none was given). */
  readonly set: ReadonlyMap<string, string>;
  /** PassEnv with the values found at start. */
  readonly pass: ReadonlyMap<string, string>;
  readonly unset: ReadonlySet<string>;
}

/** SetEnvIf, SetEnvIfExpr, BrowserMatch and their NoCase forms: what to change when the test holds. */
export interface EnvironmentRule {
  readonly test:
    | { readonly kind: 'pattern'; readonly attribute: EnvironmentAttribute; readonly pattern: RegExp }
    | { readonly kind: 'expression'; readonly condition: Condition };
  /** In the order of the file. Absent value: the variable is removed. A value may hold `$0` … `$9`. Byte strings. */
  readonly changes: readonly { readonly name: string; readonly value?: string }[];
  readonly position: Position;
}

/** What SetEnvIf looks at. */
export type EnvironmentAttribute =
  | {
      readonly kind: 'request';
      readonly name:
        | 'remote_addr'
        | 'remote_host'
        | 'remote_user'
        | 'request_method'
        | 'request_protocol'
        | 'request_uri'
        | 'server_addr';
    }
  /** A request header; if there is none of that name, a variable of the request. */
  | { readonly kind: 'header'; readonly name: string }
  /** All headers with such names. */
  | { readonly kind: 'headers'; readonly pattern: RegExp };

/** WSGITrustedProxyHeaders, in the order in which they were named. */
export interface TrustedHeaders {
  readonly names: readonly string[];
  readonly position: Position;
}

/** ExpiresDefault, ExpiresByType: how long an answer stays good, counted from the request or from the change of the file. */
export interface ExpiryRule {
  readonly base: 'access' | 'modification';
  readonly seconds: number;
}

export interface OptionsSetting {
  /** True: the words replace what was inherited; false: all words had `+` or `-`. */
  readonly absolute: boolean;
  readonly add: ReadonlySet<string>;
  readonly remove: ReadonlySet<string>;
}

/** WSGIImportScript, and the preload of script aliases whose groups are static. */
export interface ImportScript {
  readonly file: string;
  readonly processGroup: string;
  readonly applicationGroup: string;
  readonly position: Position;
}
