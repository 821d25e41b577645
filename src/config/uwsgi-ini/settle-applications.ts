import type { ProcessGroupDraft } from '../directives/daemon-option-kinds.js';
import { addPreload } from '../directives/script-alias.js';
import { warnOfShadow } from '../directives/shadowed.js';
import type { ConfigDraft, Here } from '../draft.js';
import { noteFile } from '../file-references.js';
import type { ScriptAlias } from '../model.js';
import { listWords } from '../values.js';
import { findModule, listSitePackages } from './find-module.js';
import type { IniApplication, IniMount } from './read-application.js';

/** What an ini file serves; `here` is the WSGIDaemonProcess that names it. */
export interface UwsgiApplication extends IniApplication {
  readonly here: Here;
  readonly group: ProcessGroupDraft;
}

/**
 * Mounts what ini files name, when all directives are known: who names the group in a WSGIScriptAlias or a WSGIProcessGroup says himself what it
 * serves. Aliases of the site file come first.
 */
export function settleUwsgiApplications(draft: ConfigDraft): void {
  for (const application of draft.uwsgiApplications) {
    const { group, mounts, statics } = application;
    const found = mounts.flatMap((mount) => findScript(mount, group) ?? []);
    const named = draft.groupReferences.find(
      ({ name, directive }) =>
        name === group.name &&
        /^WSGI(ScriptAlias|ScriptAliasMatch|ProcessGroup|HandlerScript)$/i.test(directive),
    );
    if (named === undefined) mountAll(application, found);
    else
      for (const { at, path } of statics)
        at.warn(
          `static-map: ${path} has no effect, since ${named.directive} says what the group serves; expected an Alias beside it`,
          { kind: 'argument-no-effect' },
        );
  }
}

interface FoundScript {
  readonly mount: IniMount;
  readonly file: string;
}

/** A module is found now, so that it can be watched; it is imported under its own name all the same. */
function findScript(mount: IniMount, group: ProcessGroupDraft): FoundScript | undefined {
  const { source, at } = mount;
  if (source.kind === 'file') return { mount, file: source.path };
  const directories = [
    ...(group.home === undefined ? [] : [group.home]),
    ...group.pythonPath,
    ...(group.pythonHome === undefined ? [] : listSitePackages(group.pythonHome)),
  ];
  const file = findModule(source.name, directories);
  if (file === undefined) {
    at.fail(`there is no module '${source.name}' in ${listWords(directories)}`, { kind: 'missing-script' });
    return undefined;
  }
  group.pythonModules = { ...group.pythonModules, [file]: source.name };
  return { mount, file };
}

function mountAll({ here, group, statics }: UwsgiApplication, found: readonly FoundScript[]): void {
  const { server } = here;
  for (const { path, target, at } of statics) {
    warnOfShadow({ ...at, directive: 'Alias' }, path, server.aliases);
    server.aliases.push({ match: { kind: 'prefix', path }, target, position: at.place.position });
  }
  // The first match wins: the longer path first.
  for (const { mount, file } of found.toSorted((a, b) => b.mount.path.length - a.mount.path.length)) {
    const { path, callable, at } = mount;
    warnOfShadow({ ...at, directive: 'WSGIScriptAlias' }, path, server.scriptAliases);
    const alias: ScriptAlias = {
      match: { kind: 'prefix', path },
      target: file,
      processGroup: group.name,
      applicationGroup: '%{GLOBAL}',
      ...(callable === undefined ? {} : { callableObject: callable }),
      position: at.place.position,
    };
    server.scriptAliases.push(alias);
    noteFile(at, 'script', file);
    addPreload(at, alias);
  }
}
