import { defaultProcessGroup } from './directives/daemon-options.js';
import type { ConfigDraft } from './draft.js';
import type { ProcessGroup } from './model.js';

/** Options of WSGIDaemonProcess that lack what they need: Apache says nothing then, and they do nothing. */
export function checkProcessGroups({ processGroups, global, mistakes }: ConfigDraft): void {
  for (const group of processGroups)
    for (const [option, why] of listIdleOptions(group, global))
      mistakes.warning(
        { position: group.position },
        'WSGIDaemonProcess',
        `${option}: it does nothing ${why}`,
        { kind: 'option-idle', at: { word: `${option}=` } },
      );
}

/** Options, and why each does nothing. */
function listIdleOptions(group: ProcessGroup, accounts: ConfigDraft['global']): Map<string, string> {
  const idle = new Map<string, string>();
  if (group.interruptTimeoutMs > 0 && group.requestTimeoutMs === 0)
    idle.set('interrupt-timeout', 'without request-timeout=');
  if (group.maximumRequestsJitter > 0 && group.maximumRequests === 0)
    idle.set('maximum-requests-jitter', 'without maximum-requests=');
  const { webSocketDrainTimeoutMs, gracefulTimeoutMs, supplementaryGroups, scriptOwner } = group;
  if (webSocketDrainTimeoutMs !== undefined && webSocketDrainTimeoutMs < gracefulTimeoutMs)
    idle.set('websocket-drain-timeout', `below graceful-timeout=${gracefulTimeoutMs / 1000}`);
  const account = group.user ?? group.group ?? accounts.user ?? accounts.group;
  if (supplementaryGroups !== undefined && account === undefined)
    idle.set('supplementary-groups', 'without user=, group=, User or Group');
  if (group.threads !== 0) return idle;
  const noRequests = 'with threads=0: there are no requests';
  for (const [option, member] of aboutRequests)
    if (!isAsByDefault(group, member)) idle.set(option, noRequests);
  if (scriptOwner !== undefined) idle.set(`script-${scriptOwner.kind}`, noRequests);
  return idle;
}

/** Options that are about requests, of which a process without threads gets none. */
const aboutRequests = [
  ['health-path', 'healthPath'],
  ['request-timeout', 'requestTimeoutMs'],
  ['interrupt-timeout', 'interruptTimeoutMs'],
  ['maximum-requests', 'maximumRequests'],
  ['maximum-requests-jitter', 'maximumRequestsJitter'],
  ['inactivity-timeout', 'inactivityTimeoutMs'],
  ['eviction-timeout', 'evictionTimeoutMs'],
  ['websocket-drain-timeout', 'webSocketDrainTimeoutMs'],
  ['connect-timeout', 'connectTimeoutMs'],
  ['queue-timeout', 'queueTimeoutMs'],
  ['socket-timeout', 'socketTimeoutMs'],
  ['response-socket-timeout', 'responseSocketTimeoutMs'],
  ['listen-backlog', 'listenBacklog'],
  ['header-buffer-size', 'headerBufferSize'],
] as const satisfies readonly (readonly [string, keyof ProcessGroup])[];

/** What is given as it is anyway is nothing to warn of. */
function isAsByDefault(group: ProcessGroup, member: (typeof aboutRequests)[number][1]): boolean {
  const usual: Partial<ProcessGroup> = defaultProcessGroup;
  return group[member] === usual[member];
}
