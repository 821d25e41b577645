import { statSync } from 'node:fs';
import type { Finding } from '../config/index.js';
import type { Position, ProcessGroup, ServerConfig } from '../config/model.js';

/** What `-t` says about directories and programs that process groups and aliases name, and that are not there. */
export function checkFolders(config: ServerConfig): Finding[] {
  const servers = [config.mainServer, ...config.virtualHosts];
  return [
    ...config.processGroups.flatMap(checkGroup),
    ...servers.flatMap(({ aliases }) =>
      aliases.flatMap(({ match, target, position }) =>
        match.kind === 'regex' || isThere(target)
          ? []
          : [find(position, 'Alias', `there is no ${target}: requests for it are answered with 404`)],
      ),
    ),
  ];
}

function checkGroup({ chroot = '', home, pythonHome, pythonPath, node, position }: ProcessGroup): Finding[] {
  const directive = 'WSGIDaemonProcess';
  const cannotStart = 'the daemon processes of the group cannot start';
  return [
    ...(home === undefined || isThere(chroot + home)
      ? []
      : [find(position, directive, `home: there is no directory ${home}: ${cannotStart}`)]),
    ...(pythonHome === undefined || hasPython(chroot + pythonHome)
      ? []
      : [find(position, directive, `python-home: there is no Python in ${pythonHome}: ${cannotStart}`)]),
    ...(node?.startsWith('/') !== true || isThere(node)
      ? []
      : [find(position, directive, `node: there is no program ${node}: no JavaScript of the group can run`)]),
    ...pythonPath
      .filter((folder) => !isThere(chroot + folder))
      .map((folder) =>
        find(position, directive, `python-path: there is no ${folder}: Python finds no modules in it`),
      ),
  ];
}

function find(position: Position, directive: string, message: string): Finding {
  return { kind: 'missing-folder', position, directive, message, at: 'arguments' };
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
