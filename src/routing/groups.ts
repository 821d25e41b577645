import type {
  ApplicationInterface,
  ProcessGroup,
  ScriptAlias,
  ServerConfig,
  VirtualHost,
} from '../config/model.js';
import { toByteString } from '../http/index.js';
import type { Route } from './index.js';

/** What %{…} in group names stands for. Byte strings. */
export interface ApplicationFacts {
  /** Canonical name and port of the server. */
  readonly serverName: string;
  readonly serverPort: number;
  /** Of the Host header, without port; '' if the request has none. */
  readonly hostName: string;
  /** What %{RESOURCE} ends with: SCRIPT_NAME, or the name of the handler. */
  readonly scriptName: string;
  /** %{ENV:name}: environment of the request, then that of the server. */
  requestEnvironment(name: string): string | undefined;
}

/** What a WSGIDispatchScript has said, in the place of what the site file says. Byte strings, perhaps `%{…}`. */
export interface DispatchedNames {
  readonly processGroup?: string;
  readonly applicationGroup?: string;
  readonly callableObject?: string;
}

export type ApplicationSelection =
  | {
      readonly kind: 'selected';
      /** As in ProcessGroup; '' is %{GLOBAL}. */
      readonly processGroup: string;
      /** Byte string; '' is %{GLOBAL}. */
      readonly applicationGroup: string;
      /** Byte string. */
      readonly callableObject: string;
      readonly passAuthorization: boolean;
      readonly scriptReloading: boolean;
      readonly applicationInterface: ApplicationInterface;
    }
  | { readonly kind: 'refusal'; readonly status: 500; readonly reason: string };

/** name, value, … as a dispatch script answers; a text says what is wrong with it. */
export function readDispatched(texts: readonly string[]): DispatchedNames | string {
  const answers = new Map<string, string>();
  for (let at = 0; at + 1 < texts.length; at += 2) answers.set(texts[at] as string, texts[at + 1] as string);
  const processGroup = answers.get('process_group');
  const applicationGroup = answers.get('application_group');
  const callableObject = answers.get('callable_object');
  if (callableObject === '') return 'callable_object returned an empty name';
  return {
    ...(processGroup === undefined ? {} : { processGroup }),
    ...(applicationGroup === undefined ? {} : { applicationGroup }),
    ...(callableObject === undefined ? {} : { callableObject }),
  };
}

/** Which process groups there are, and who may use them. */
export interface ProcessGroupTable {
  /** By name as a byte string, which is what %{ENV:x} gives. */
  readonly groups: ReadonlyMap<string, ProcessGroup>;
  readonly virtualHosts: ReadonlyMap<number, VirtualHost>;
  readonly restrictEmbedded: boolean;
}

export function buildProcessGroupTable(config: ServerConfig): ProcessGroupTable {
  const { mainServer, virtualHosts, processGroups, global } = config;
  return {
    groups: new Map(processGroups.map((group) => [toByteString(group.name), group])),
    virtualHosts: new Map([mainServer, ...virtualHosts].map((host) => [host.id, host])),
    restrictEmbedded: global.restrictEmbedded,
  };
}

/** The options of the alias or the handler script win over the settings of sections, and `dispatched` over both. */
export function selectApplication(
  { virtualHost, settings, mapping }: Pick<Route, 'virtualHost' | 'settings' | 'mapping'>,
  facts: ApplicationFacts,
  table: ProcessGroupTable,
  dispatched: DispatchedNames = {},
): ApplicationSelection {
  const script = mapping.kind === 'script' ? mapping : undefined;
  const { alias } = script ?? {};
  const options = alias ?? script?.handled?.script;
  const writtenGroup = options?.processGroup ?? settings.processGroup ?? '%{GLOBAL}';
  const processGroup = expandName(dispatched.processGroup ?? toByteString(writtenGroup), facts);
  const refusal =
    refuseGroup(processGroup, virtualHost, table) ?? refuseByRestriction(processGroup, settings);
  if (refusal !== undefined) return { kind: 'refusal', status: 500, reason: refusal };

  const applicationGroup = options?.applicationGroup ?? settings.applicationGroup ?? '%{RESOURCE}';
  const callableObject =
    script?.handled === undefined
      ? (alias?.callableObject ?? settings.callableObject ?? 'application')
      : handlerCallable;
  return {
    kind: 'selected',
    processGroup: table.groups.get(processGroup)?.name ?? '',
    applicationGroup: expandName(dispatched.applicationGroup ?? toByteString(applicationGroup), facts),
    callableObject: expandEnvironment(dispatched.callableObject ?? toByteString(callableObject), facts),
    passAuthorization:
      settings.cgiPassAuth === true || (options?.passAuthorization ?? settings.passAuthorization ?? false),
    scriptReloading: settings.scriptReloading ?? true,
    applicationInterface: alias?.applicationInterface ?? settings.applicationInterface ?? 'auto',
  };
}

/**
 * What the selection depends on besides the virtual host, the settings and the script, where no WSGIDispatchScript has a say: nothing, the
 * names of the server and of the mount, the host that is asked for besides, or whatever the environment of the request says.
 */
export function selectionDependsOn(
  settings: Route['settings'],
  options: Pick<ScriptAlias, 'processGroup' | 'applicationGroup' | 'callableObject'> | undefined,
): 'nothing' | 'names' | 'host' | 'request' {
  const processGroup = options?.processGroup ?? settings.processGroup ?? '%{GLOBAL}';
  const applicationGroup = options?.applicationGroup ?? settings.applicationGroup ?? '%{RESOURCE}';
  const callableObject = options?.callableObject ?? settings.callableObject ?? '';
  let dependsOn: 'nothing' | 'names' | 'host' = 'nothing';
  for (const written of [processGroup, applicationGroup, callableObject]) {
    if (!written.includes('%{') || written === '%{GLOBAL}') continue;
    if (written === '%{HOST}') dependsOn = 'host';
    else if (written !== '%{SERVER}' && written !== '%{RESOURCE}') return 'request';
    else if (dependsOn === 'nothing') dependsOn = 'names';
  }
  return dependsOn;
}

/** What a handler script answers with, whatever WSGICallableObject says. */
const handlerCallable = 'handle_request';

/** Why a virtual host may not use a group. One declared in a virtual host is for those with the same ServerName only. */
function refuseGroup(name: string, virtualHost: VirtualHost, table: ProcessGroupTable): string | undefined {
  if (name === '') {
    return table.restrictEmbedded
      ? 'no daemon process group is selected, and WSGIRestrictEmbedded is On'
      : undefined;
  }
  const group = table.groups.get(name);
  if (group === undefined) return `there is no daemon process group ${JSON.stringify(name)}`;
  if (group.threads === 0)
    return `the daemon process group ${JSON.stringify(name)} serves no requests (threads=0)`;
  if (group.virtualHostId === 0 || group.virtualHostId === virtualHost.id) return undefined;
  const declaredIn = table.virtualHosts.get(group.virtualHostId)?.serverName?.host;
  if (declaredIn !== undefined && declaredIn === virtualHost.serverName?.host) return undefined;
  return `the daemon process group ${JSON.stringify(name)} belongs to a virtual host with another ServerName`;
}

/** WSGIRestrictProcess. */
function refuseByRestriction(name: string, { allowedProcessGroups }: Route['settings']): string | undefined {
  if (allowedProcessGroups === undefined) return undefined;
  if (allowedProcessGroups.some((allowed) => toByteString(allowed) === name)) return undefined;
  const shown = name === '' ? '%{GLOBAL}' : JSON.stringify(name);
  return `WSGIRestrictProcess does not let applications run in the process group ${shown} here`;
}

/** A whole name may be one %{…}; %{ENV:x} may give another one, but not %{ENV:y}. What is not known stands for itself. */
function expandName(written: string, facts: ApplicationFacts): string {
  const name = expandEnvironment(written, facts);
  switch (name) {
    case '%{GLOBAL}':
      return '';
    case '%{SERVER}':
      return withPort(facts.serverName, facts.serverPort);
    case '%{HOST}':
      return withPort(facts.hostName || facts.serverName, facts.serverPort);
    case '%{RESOURCE}':
      return `${withPort(facts.serverName, facts.serverPort)}|${facts.scriptName}`;
    default:
      return name;
  }
}

function expandEnvironment(written: string, facts: ApplicationFacts): string {
  if (!written.startsWith('%{ENV:') || !written.endsWith('}')) return written;
  return facts.requestEnvironment(written.slice('%{ENV:'.length, -1)) ?? written;
}

function withPort(name: string, port: number): string {
  return port === 80 || port === 443 ? name : `${name}:${port}`;
}
