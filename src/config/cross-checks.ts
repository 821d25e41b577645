import type { ConfigDraft, ServerDraft } from './draft.js';
import { suggestNearest } from './nearest-name.js';

/** What can only be judged when everything is read. */
export function checkDraft(draft: ConfigDraft): void {
  checkListeners(draft);
  checkGroupReferences(draft);
  checkWsgiProviders(draft);
}

function checkListeners({ listeners, mistakes, configFile }: ConfigDraft): void {
  // A wrong Listen has been reported; a file that cannot be read may hold one.
  const isExplained = mistakes.all.some(
    ({ severity, directive }) =>
      severity === 'error' && (directive === undefined || directive.toLowerCase() === 'listen'),
  );
  if (listeners.length > 0 || isExplained) return;
  mistakes.error(
    { position: { file: configFile, line: 0 } },
    'Listen',
    'expected at least one, such as Listen 8080',
  );
}

/** Which group a request runs in may be chosen per request; a name that is written down can be checked now. */
function checkGroupReferences(draft: ConfigDraft): void {
  const groups = new Map(draft.processGroups.map((group) => [group.name, group]));
  for (const { name, place, directive, serverId } of draft.groupReferences) {
    const group = groups.get(name);
    if (group === undefined) {
      const hint = suggestNearest(name, groups.keys());
      draft.mistakes.error(
        place,
        directive,
        `no WSGIDaemonProcess declares the process group '${name}'${hint}`,
      );
    } else if (!isVisible(draft, group.virtualHostId, serverId)) {
      draft.mistakes.warning(
        place,
        directive,
        `the process group '${name}' is declared in a virtual host of another name: requests that ask for it here will fail`,
      );
    }
  }
}

/** A group that a virtual host declares serves the virtual hosts of the same ServerName. */
function isVisible(draft: ConfigDraft, declaredIn: number, usedIn: number): boolean {
  if (declaredIn === 0 || declaredIn === usedIn) return true;
  const nameOf = (id: number) => findServer(draft, id)?.serverName?.host;
  return nameOf(declaredIn) !== undefined && nameOf(declaredIn) === nameOf(usedIn);
}

function findServer(draft: ConfigDraft, id: number): ServerDraft | undefined {
  return id === 0 ? draft.mainServer : draft.virtualHosts[id - 1];
}

function checkWsgiProviders({ wsgiProviders, serversWithAuthScript, mistakes }: ConfigDraft): void {
  for (const { place, serverId } of wsgiProviders)
    if (!serversWithAuthScript.has(serverId) && !serversWithAuthScript.has(0))
      mistakes.warning(
        place,
        'AuthBasicProvider',
        'wsgi needs a WSGIAuthUserScript: without one every login here will fail',
      );
}
