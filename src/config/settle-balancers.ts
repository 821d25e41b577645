import type { BalancerDraft, ConfigDraft, ServerDraft } from './draft.js';
import type { Balancer, ProxyingSettings, StickySession } from './model.js';

/** Every balancer of the file as it ends up, httpd's defaults filled in. */
export function settleBalancers({
  mainServer,
  virtualHosts,
}: ConfigDraft): ReadonlyMap<BalancerDraft, Balancer> {
  return new Map(
    [mainServer, ...virtualHosts].flatMap((server) =>
      [...server.balancers.values()].map((draft) => [draft, settleBalancer(draft, server)] as const),
    ),
  );
}

/** The balancers that a server knows: of one name, the main server's hides that of a virtual host (as httpd). */
export function listKnownBalancers(
  settled: ReadonlyMap<BalancerDraft, Balancer>,
  server: ServerDraft,
  main: ServerDraft | undefined,
  proxying: ProxyingSettings,
): ReadonlyMap<string, Balancer> {
  const own = [...server.balancers.values()];
  const inherited = main === undefined || !inheritsBalancers(proxying) ? [] : [...main.balancers.values()];
  return new Map(
    [...own, ...inherited].flatMap((draft) => {
      const balancer = settled.get(draft);
      return balancer === undefined ? [] : [[draft.name, balancer] as const];
    }),
  );
}

/** What would answer otherwise than the one who wrote it expects. Before anything is settled. */
export function checkBalancers({
  mainServer,
  virtualHosts,
  balancerReferences,
  mistakes,
}: ConfigDraft): void {
  for (const server of virtualHosts) {
    if (!inheritsBalancers({ ...mainServer.proxying, ...server.proxying })) continue;
    for (const { name, place, members, parameters } of server.balancers.values()) {
      if (!mainServer.balancers.has(name)) continue;
      if (members.length === 0 && Object.keys(parameters).length === 0) continue;
      const message = `balancer://${name} of the main server takes its place (as in httpd), and nothing of this one has an effect`;
      mistakes.warning(place, 'BalancerMember', message, { kind: 'argument-no-effect' });
    }
  }
  for (const { name, directive, place, word, serverId } of balancerReferences) {
    const server = virtualHosts.find(({ id }) => id === serverId) ?? mainServer;
    // What the main server passes on, its virtual hosts pass on, too: to members of their own.
    const known = server === mainServer ? [mainServer, ...virtualHosts] : [server, mainServer];
    if (known.some(({ balancers }) => (balancers.get(name)?.members.length ?? 0) > 0)) continue;
    const message = `balancer://${name} has no members: every request here will answer 503`;
    mistakes.warning(place, directive, message, { kind: 'fails-for-all', at: { word } });
  }
}

/** Both have to be off (as httpd). */
function inheritsBalancers({ inheritsBalancers, inheritsPasses }: Partial<ProxyingSettings>): boolean {
  return inheritsBalancers !== false || inheritsPasses !== false;
}

function settleBalancer(
  { name, position, members, parameters }: BalancerDraft,
  { id }: ServerDraft,
): Balancer {
  const { cookie, parameter, separator = '.', semicolonEnds = false, maxAttempts, ...said } = parameters;
  const stickySession: StickySession | undefined =
    cookie === undefined || parameter === undefined
      ? undefined
      : { cookie, parameter, separator, semicolonEnds };
  return {
    id: `${id}/${name}`,
    url: `balancer://${name}`,
    position,
    members,
    method: said.method ?? 'byrequests',
    ...(stickySession === undefined ? {} : { stickySession }),
    ...(maxAttempts === undefined ? {} : { maxAttempts }),
    noFailover: said.noFailover ?? false,
    forcesRecovery: said.forcesRecovery ?? true,
    failOnStatus: said.failOnStatus ?? [],
    failOnTimeout: said.failOnTimeout ?? false,
    waitMs: said.waitMs ?? 0,
  };
}
