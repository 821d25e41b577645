import type { ProcessGroup, ServerConfig, VirtualHost } from '../config/model.js';
import { toByteString } from '../http/index.js';
import type { HealthTarget } from '../processes/index.js';
import {
  buildProcessGroupTable,
  createRouter,
  nameInside,
  type ProcessGroupTable,
  type Router,
  runtimeOf,
  selectApplication,
} from '../routing/index.js';

/**
 * The script of the group that a request for its `health-path` would reach, in the first virtual host in which one does: that in which the group is
 * declared, then the others. Undefined for a group without such a path.
 */
export function findHealthTarget(config: ServerConfig, group: ProcessGroup): HealthTarget | undefined {
  const { healthPath } = group;
  if (healthPath === undefined) return undefined;
  const router = createRouter(config);
  const table = buildProcessGroupTable(config);
  const hosts = [config.mainServer, ...config.virtualHosts];
  const own = hosts.filter(({ id }) => id === group.virtualHostId);
  for (const host of [...own, ...hosts]) {
    const script = findInHost(host, group, router, table);
    if (script !== undefined) return { path: healthPath, script };
  }
  return { path: healthPath };
}

function findInHost(
  host: VirtualHost,
  group: ProcessGroup,
  router: Router,
  table: ProcessGroupTable,
): HealthTarget['script'] {
  const route = router.route(host, toByteString(group.healthPath ?? ''));
  const { mapping } = route;
  if (mapping.kind !== 'script') return undefined;
  const { scriptName, pathInfo } = mapping;
  const scriptFile = nameInside(group, mapping.scriptFile);
  if (scriptFile === undefined) return undefined;
  const serverName = host.serverName?.host ?? 'localhost';
  const isSecure = host.settings.tls !== undefined || host.serverName?.scheme === 'https';
  const serverPort = host.serverName?.port ?? (isSecure ? 443 : 80);
  const selection = selectApplication(
    route,
    { serverName, serverPort, hostName: serverName, scriptName, requestEnvironment: () => undefined },
    table,
  );
  if (selection.kind === 'refusal' || selection.processGroup !== group.name) return undefined;
  return {
    scriptFile,
    scriptName,
    pathInfo,
    applicationGroup: selection.applicationGroup,
    callableName: selection.callableObject,
    callInterface: selection.applicationInterface,
    serverName,
    serverPort,
    isSecure,
    runtime: runtimeOf(scriptFile),
  };
}
