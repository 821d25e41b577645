import type { DirectorySettings, ProcessGroup, VirtualHost } from '../config/model.js';
import { readServerVariable } from '../expressions/index.js';
import { joinCalled, type Runtime, type SharedPairs, sharePairs } from '../proxy/index.js';
import {
  type ApplicationSelection,
  type DispatchedNames,
  nameInside,
  runtimeOf,
  type ScriptMapping,
  selectApplication,
  selectionDependsOn,
} from '../routing/index.js';
import { keepsAll } from './dispatch-request.js';
import { describeMount } from './environ.js';
import type { Exchange } from './exchange.js';
import { KnownHeads } from './response-head.js';
import { type Refusal, refuse } from './site.js';

/** The application that answers, and all that is the same for many requests to it. */
export interface Application {
  readonly kind: 'application';
  readonly selection: Extract<ApplicationSelection, { kind: 'selected' }>;
  readonly runtime: Runtime;
  readonly group: ProcessGroup;
  /** As the group's processes know it. */
  readonly scriptFile: string;
  /** How a message to them begins. */
  readonly called: string;
  /** What the environ says of the server and the script. */
  readonly shared: SharedPairs;
  /** Of its answers, as the settings that it was found with have them. */
  readonly heads: KnownHeads;
}

/** Found once for as many requests as it holds for, and kept with the mount; not where a request has a say in it. */
export function findApplication(
  exchange: Exchange,
  mapping: ScriptMapping,
  dispatched: DispatchedNames,
): Application | Refusal {
  // What a handler script is told depends on the URL: nothing of it is worth being kept for the next request.
  if (dispatched !== keepsAll || mapping.handled !== undefined)
    return settleApplication(exchange, mapping, dispatched);
  const mount = mapping.alias ?? exchange.virtualHost;
  const known = knownByMount.get(mount);
  if (known !== undefined) {
    for (const each of known) if (holdsFor(each, exchange, mapping)) return each.application;
  }
  const application = settleApplication(exchange, mapping, dispatched);
  if (application.kind === 'refusal') return application;
  const dependsOn = selectionDependsOn(exchange.settings, mapping.alias);
  if (dependsOn === 'request') return application;
  const { settings, virtualHost } = exchange;
  const { scriptFile, scriptName } = mapping;
  const server = dependsOn === 'nothing' ? undefined : serverOf(exchange);
  const hostName = dependsOn === 'host' ? hostNameOf(exchange) : undefined;
  const made = { application, virtualHost, settings, scriptFile, scriptName, server, hostName };
  if (known === undefined) knownByMount.set(mount, [made]);
  else {
    if (known.length === mostPerMount) known.shift();
    known.push(made);
  }
  return application;
}

/** An application, and what must be alike for it to be the same one. */
interface Known {
  readonly application: Application;
  readonly virtualHost: VirtualHost;
  readonly settings: DirectorySettings;
  readonly scriptFile: string;
  readonly scriptName: string;
  /** undefined: it does not matter. */
  readonly server: ServerName | undefined;
  /** undefined: it does not matter; any client chooses it. */
  readonly hostName: string | undefined;
}

/** What %{SERVER} stands for, and begins %{RESOURCE} with. */
interface ServerName {
  readonly name: string;
  readonly port: number;
}

/** By what stands in the site file for the script. */
const knownByMount = new WeakMap<object, Known[]>();
/** Settings of sections below one mount, scripts of one folder, hosts where %{HOST} names a group. The one found longest ago goes first. */
const mostPerMount = 16;

function holdsFor(
  { hostName, scriptFile, scriptName, server, settings, virtualHost }: Known,
  exchange: Exchange,
  mapping: ScriptMapping,
): boolean {
  if (settings !== exchange.settings || virtualHost !== exchange.virtualHost) return false;
  if (scriptFile !== mapping.scriptFile || scriptName !== mapping.scriptName) return false;
  if (hostName !== undefined && hostName !== hostNameOf(exchange)) return false;
  if (server === undefined) return true;
  const { name, port } = serverOf(exchange);
  return server.name === name && server.port === port;
}

/** As the site file has them: whoever could choose a part of them could have the script loaded any number of times. */
function serverOf({ record, virtualHost }: Exchange): ServerName {
  return {
    name: virtualHost.serverName?.host ?? record.connection.localAddress,
    port: virtualHost.serverName?.port ?? record.connection.localPort,
  };
}

function hostNameOf({ host }: Exchange): string {
  return host?.host ?? '';
}

function settleApplication(
  exchange: Exchange,
  mapping: ScriptMapping,
  dispatched: DispatchedNames,
): Application | Refusal {
  const { site, settings, virtualHost } = exchange;
  const { scriptFile, scriptName, pathInfo, handled } = mapping;
  const { name, port } = serverOf(exchange);
  const selection = selectApplication(
    { virtualHost, settings, mapping },
    {
      serverName: name,
      serverPort: port,
      hostName: hostNameOf(exchange),
      scriptName: handled?.name ?? scriptName,
      requestEnvironment: (variable) => exchange.environment.get(variable) ?? readServerVariable(variable),
    },
    site.processGroups,
    dispatched,
  );
  if (selection.kind === 'refusal')
    return refuse(
      selection.status,
      'wsgi',
      `[script ${scriptFile}] answered ${selection.status}: ${selection.reason}`,
    );
  const group = site.processGroups.groups.get(selection.processGroup) ?? site.config.embeddedGroup;
  const inside = nameInside(group, scriptFile);
  if (inside === undefined)
    return refuse(
      500,
      'wsgi',
      `[script ${scriptFile}] answered 500: it lies outside of the chroot= of its process group`,
    );
  const resource = handled === undefined ? inside : (nameInside(group, handled.filename) ?? handled.filename);
  return {
    kind: 'application',
    selection,
    runtime: runtimeOf(scriptFile),
    heads: new KnownHeads(),
    group,
    scriptFile: inside,
    called: joinCalled({
      scriptFile: inside,
      applicationGroup: selection.applicationGroup,
      callableName: selection.callableObject,
      callInterface: selection.applicationInterface,
    }),
    shared: sharePairs(
      describeMount(exchange, {
        ...selection,
        scriptFile: inside,
        filename: resource,
        ...(handled === undefined ? {} : { handler: handled.name }),
        scriptName,
        pathInfo,
      }),
    ),
  };
}
