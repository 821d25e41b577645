import type { LogLevel } from '../log/index.js';
import type { RewriteMap } from '../rewriting/index.js';
import type { TlsDraft } from './build-tls.js';
import type { FileReference } from './file-references.js';
import type { MistakeDetails, MistakeList, Place } from './mistakes.js';
import type {
  Alias,
  AuthnAlias,
  BalancerMember,
  BalancerParameters,
  CustomLog,
  DirectorySettings,
  EnvironmentRule,
  EnvironmentSettings,
  ExtensionSettings,
  GlobalSettings,
  HandlerScript,
  HeaderRule,
  HealthCheck,
  HealthCondition,
  HostAccess,
  ImportScript,
  Listener,
  MethodLimit,
  Overrides,
  Position,
  ProcessGroup,
  ProxyingSettings,
  ProxyParameters,
  ProxyPass,
  ProxyScheme,
  Redirect,
  Requirement,
  ScriptAlias,
  Section,
  SectionKind,
  ServerName,
  ServerSettings,
  VirtualHostAddress,
} from './model.js';
import type { RewriteDraft } from './rewrite-draft.js';
import type { UwsgiApplication } from './uwsgi-ini/settle-applications.js';

/** The same members, not yet frozen. */
export type Mutable<T> = { -readonly [Member in keyof T]: T[Member] };

/** What the directives of one section, or those that stand directly in a server, have said so far. */
export interface SectionDraft {
  readonly settings: Mutable<
    Omit<
      DirectorySettings,
      | 'environment'
      | 'environmentRules'
      | 'require'
      | 'hostAccess'
      | 'logLevel'
      | 'extensions'
      | 'handlerScripts'
      | 'requestHeaders'
      | 'responseHeaders'
      | 'rewriting'
    >
  > & { extensions?: Map<string, ExtensionSettings>; handlerScripts?: Map<string, HandlerScript> };
  /** Member of `settings` → the directive that said it last. */
  readonly origins: Map<string, Position>;
  readonly requirements: Requirement[];
  /** Present as soon as one of Order, Allow, Deny, Satisfy stands there. */
  hostAccess?: HostAccessDraft;
  readonly environment: {
    readonly [Member in keyof EnvironmentSettings]: EnvironmentSettings[Member] extends ReadonlySet<string>
      ? Set<string>
      : Map<string, string>;
  };
  readonly environmentRules: EnvironmentRule[];
  readonly headers: { readonly request: HeaderRule[]; readonly response: HeaderRule[] };
  rewriting?: RewriteDraft;
  readonly logLevel: LogLevelDraft;
  readonly sections: ChildSection[];
}

export type HostAccessDraft = {
  readonly [Member in keyof HostAccess]: HostAccess[Member] extends readonly (infer Item)[] ? Item[] : never;
};

/** A section whose settings become final when the whole file is read. */
export interface ChildSection {
  readonly head: Omit<Section, 'settings' | 'sections'>;
  readonly draft: SectionDraft;
}

export interface LogLevelDraft {
  default?: LogLevel;
  readonly modules: Map<string, LogLevel>;
}

/** A CustomLog or TransferLog; its format may be a nickname that is given later. */
export type CustomLogDraft = Omit<CustomLog, 'format'> & { readonly format: string | undefined };

/** The main server or a virtual host. */
export interface ServerDraft {
  readonly id: number;
  readonly position: Position;
  readonly addresses: readonly VirtualHostAddress[];
  serverName?: ServerName;
  readonly serverAliases: string[];
  readonly settings: Partial<Mutable<Omit<ServerSettings, 'logLevel' | 'customLogs' | 'tls' | 'proxying'>>>;
  readonly tls: TlsDraft;
  readonly proxying: Partial<Mutable<ProxyingSettings>>;
  readonly body: SectionDraft;
  readonly redirects: Redirect[];
  readonly aliases: Alias[];
  readonly scriptAliases: ScriptAlias[];
  readonly earlyHeaders: { readonly request: HeaderRule[]; readonly response: HeaderRule[] };
  readonly proxyPasses: ProxyPass[];
  /** By name. */
  readonly balancers: Map<string, BalancerDraft>;
  /** ProxyHCExpr, ProxyHCTemplate: by name. */
  readonly healthConditions: Map<string, HealthCondition>;
  readonly healthTemplates: Map<string, Partial<HealthCheck>>;
  readonly rewriteMaps: Map<string, RewriteMap>;
  readonly customLogs: CustomLogDraft[];
  /** LogFormat: nickname → format. */
  readonly logFormats: Map<string, string>;
  /** LogFormat without a nickname: what TransferLog writes. */
  transferFormat?: string;
}

/** A place that names a process group, to be checked when all groups are known. */
export interface GroupReference {
  readonly name: string;
  readonly place: Place;
  readonly directive: string;
  readonly serverId: number;
}

/** What has been said of a balancer in one server. */
export interface BalancerDraft {
  readonly name: string;
  readonly position: Position;
  readonly place: Place;
  readonly members: BalancerMember[];
  parameters: BalancerParameters;
}

/** A ProxyPass, whose parameters are settled when all are known. */
export interface ProxyTargetDraft {
  readonly url: string;
  readonly scheme: ProxyScheme;
  /** What the first ProxyPass of that URL says. */
  readonly first: ProxyParameters;
  readonly own: ProxyParameters;
  readonly settled: Mutable<ProxyParameters>;
  readonly place: Place;
  readonly serverId: number;
  /** Only what its BalancerMember says holds for a member (as httpd). */
  readonly isMember?: true;
}

/** Everything that has been said so far. */
export interface ConfigDraft {
  readonly serverRoot: string;
  readonly configFile: string;
  readonly environment: NodeJS.ProcessEnv;
  readonly mistakes: MistakeList;
  /** True for the short name of a module of Apache. */
  readonly knowsModule: (name: string) => boolean;
  readonly listeners: Listener[];
  readonly global: Partial<Mutable<GlobalSettings>>;
  readonly mainServer: ServerDraft;
  readonly virtualHosts: ServerDraft[];
  readonly processGroups: ProcessGroup[];
  /** By all that makes one different from the others. */
  readonly importScripts: Map<string, ImportScript>;
  /** What `ini=` of WSGIDaemonProcess names, to be mounted when all aliases are known. */
  readonly uwsgiApplications: UwsgiApplication[];
  readonly groupReferences: GroupReference[];
  /** <AuthnProviderAlias> by name. */
  readonly authnAliases: Map<string, AuthnAlias>;
  /** <AuthzProviderAlias> by name. */
  readonly authzAliases: Map<string, Requirement>;
  /** Where rules name a map, to be checked when all are known. */
  readonly rewriteMapReferences: {
    readonly name: string;
    readonly place: Place;
    readonly directive: string;
  }[];
  /** WSGIHandlerScript: names in lower case. */
  readonly handlerNames: Set<string>;
  /** Where a handler is named, to be complained of if it turns out that there is none. */
  readonly handlerReferences: { readonly name: string; readonly complain: () => void }[];
  readonly fileReferences: FileReference[];
  /** What ProxySet and <Proxy> have said of a server, by its URL. */
  readonly proxyParameters: Map<string, ProxyParameters>;
  /** Of `upgrade=`, wherever it stands. */
  readonly upgradeProtocols: Set<string>;
  readonly proxyTargets: ProxyTargetDraft[];
  /** Where a ProxyPass names a balancer, to be checked when all are known. */
  readonly balancerReferences: {
    readonly name: string;
    readonly directive: string;
    readonly place: Place;
    readonly word: string;
    readonly serverId: number;
  }[];
  /** RemoteIPProxyProtocol, in the order of the file. */
  readonly proxyProtocols: {
    readonly server: ServerDraft;
    readonly on: boolean;
    readonly position: Position;
  }[];
  /** What the first ProxyPass of a URL says itself. */
  readonly firstPasses: Map<string, ProxyParameters>;
  /** Ids of the servers that say SSLProxyEngine On somewhere. */
  readonly serversWithProxyTls: Set<number>;
  /** Sections that say `AuthBasicProvider … wsgi`. */
  readonly wsgiProviders: { readonly place: Place; readonly directive: string; readonly serverId: number }[];
  /** Ids of the servers in which a WSGIAuthUserScript stands. */
  readonly serversWithAuthScript: Set<number>;
  /** It is a .htaccess file that is read, and not a site file. */
  readonly htaccess?: HtaccessDraft;
}

/** Where a .htaccess file lies, without slash at the end, and what it may say. */
export interface HtaccessDraft {
  readonly directory: string;
  readonly overrides: Overrides;
}

/** Where the walk is: what a directive may change, and what it may stand in. */
export interface Scope {
  readonly draft: ConfigDraft;
  readonly server: ServerDraft;
  /** Of the innermost section, or of the server itself. */
  readonly section: SectionDraft;
  /** Innermost section outside-in by kind; empty directly in a server. */
  readonly enclosing: readonly SectionKind[];
  /** Inside <RequireAll> and its kin: where requirements go, and how they are combined. */
  readonly container?: {
    readonly kind: 'any' | 'every' | 'none';
    /** A <RequireNone> is around it: who does not fulfil what stands in it may enter. */
    readonly isNegated: boolean;
    readonly requirements: Requirement[];
  };
  /** The innermost section, where it is one of those that ask what they match. */
  readonly head?: ChildSection['head'];
  /** Names of the only directives that have a meaning here. */
  readonly only?: readonly string[];
  /** Inside <Limit> and <LimitExcept>. */
  readonly limit?: MethodLimit;
}

/** A scope seen from one directive. */
export interface Here extends Scope {
  readonly place: Place;
  /** As the user wrote it. */
  readonly directive: string;
  /** Reports an error about this directive; without details, one about the argument that the message quotes. */
  fail(message: string, details?: MistakeDetails): void;
  warn(message: string, details?: MistakeDetails): void;
}

/** A configuration about which nothing has been said. */
export function createConfigDraft(
  given: Pick<ConfigDraft, 'serverRoot' | 'configFile' | 'environment' | 'mistakes' | 'knowsModule'>,
): ConfigDraft {
  return {
    ...given,
    listeners: [],
    global: {},
    mainServer: createServerDraft(0, { file: given.configFile, line: 0 }, []),
    virtualHosts: [],
    processGroups: [],
    importScripts: new Map(),
    uwsgiApplications: [],
    groupReferences: [],
    authnAliases: new Map(),
    authzAliases: new Map(),
    rewriteMapReferences: [],
    handlerNames: new Set(),
    handlerReferences: [],
    fileReferences: [],
    proxyParameters: new Map(),
    upgradeProtocols: new Set(),
    proxyTargets: [],
    balancerReferences: [],
    proxyProtocols: [],
    firstPasses: new Map(),
    serversWithProxyTls: new Set(),
    wsgiProviders: [],
    serversWithAuthScript: new Set(),
  };
}

/** An empty main server or virtual host. */
export function createServerDraft(
  id: number,
  position: Position,
  addresses: readonly VirtualHostAddress[],
): ServerDraft {
  return {
    id,
    position,
    addresses,
    serverAliases: [],
    settings: {},
    tls: {},
    body: createSectionDraft(),
    redirects: [],
    aliases: [],
    scriptAliases: [],
    earlyHeaders: { request: [], response: [] },
    proxyPasses: [],
    balancers: new Map(),
    healthConditions: new Map(),
    healthTemplates: new Map(),
    proxying: {},
    rewriteMaps: new Map(),
    customLogs: [],
    logFormats: new Map(),
  };
}

/** An empty section. */
export function createSectionDraft(): SectionDraft {
  return {
    settings: {},
    origins: new Map(),
    requirements: [],
    environment: { set: new Map(), pass: new Map(), unset: new Set() },
    environmentRules: [],
    headers: { request: [], response: [] },
    logLevel: { modules: new Map() },
    sections: [],
  };
}
