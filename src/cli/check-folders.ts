import { statSync } from 'node:fs';
import type { Finding } from '../config/index.js';
import type { Position, ProcessGroup, ServerConfig } from '../config/model.js';
import { asOther, findOtherAccount } from './other-account.js';

/** What `-t` says about directories and programs that process groups and aliases name, and that are not there. */
export function checkFolders(config: ServerConfig): Finding[] {
  const servers = [config.mainServer, ...config.virtualHosts];
  return [
    ...config.processGroups.flatMap((group) => checkGroup(group, config)),
    ...servers.flatMap(({ aliases }) =>
      aliases.flatMap(({ match, target, position }) =>
        match.kind === 'regex' || isThere(target)
          ? []
          : [find(position, 'Alias', `there is no ${target}: requests for it are answered with 404`)],
      ),
    ),
  ];
}

function checkGroup(group: ProcessGroup, { global }: ServerConfig): Finding[] {
  const { chroot = '', home, pythonHome, pythonPath, node, position } = group;
  const directive = 'WSGIDaemonProcess';
  const cannotStart = 'the daemon processes of the group cannot start';
  const account = findOtherAccount(
    group.user ?? global.user,
    group.group ?? (group.user === undefined ? global.group : undefined),
  );
  // What leads to a chroot= is passed before root is given up.
  const see = (isSeen: () => boolean): boolean =>
    account === undefined || chroot !== '' ? isSeen() : asOther(account, isSeen);
  const whose = account === undefined || chroot !== '' ? '' : ` that the user ${account.name} can reach`;
  return [
    ...(home === undefined || see(() => isThere(`${chroot}${home}/.`))
      ? []
      : [find(position, directive, `home: there is no directory ${home}${whose}: ${cannotStart}`)]),
    ...(pythonHome === undefined || see(() => hasPython(chroot + pythonHome))
      ? []
      : [
          find(
            position,
            directive,
            `python-home: there is no Python in ${pythonHome}${whose}: ${cannotStart}`,
          ),
        ]),
    ...(node === undefined || see(() => isProgram(node))
      ? []
      : [
          find(
            position,
            directive,
            `node: there is no program ${node}${whose}: no JavaScript of the group can run`,
          ),
        ]),
    ...pythonPath
      .filter((folder) => !see(() => isThere(chroot + folder)))
      .map((folder) =>
        find(
          position,
          directive,
          `python-path: there is no ${folder}${whose}: Python finds no modules in it`,
        ),
      ),
  ];
}

function find(position: Position, directive: string, message: string): Finding {
  return { kind: 'missing-folder', position, directive, message, at: 'arguments' };
}

/** A path, or a name to be looked for on the way that PATH says. */
function isProgram(node: string): boolean {
  if (node.includes('/')) return isThere(node);
  return (process.env.PATH ?? '').split(':').some((folder) => isThere(`${folder || '.'}/${node}`));
}

function hasPython(home: string): boolean {
  return ['bin/python', 'bin/python3'].some((name) => isThere(`${home}/${name}`));
}

function isThere(path: string): boolean {
  try {
    return statSync(path, { throwIfNoEntry: false }) !== undefined;
  } catch {
    return false;
  }
}
