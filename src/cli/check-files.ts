import { closeSync, openSync, type Stats, statSync } from 'node:fs';
import { dirname } from 'node:path';
import {
  type FileReference,
  type Finding,
  findGroup,
  findGroupsOf,
  findUser,
  type ServerConfig,
} from '../config/index.js';

/** What `-t` says about the files that directives name: whether they are there, and who can read them. */
export function checkFiles(config: ServerConfig, references: readonly FileReference[]): Finding[] {
  const identity = findIdentity(config);
  const findings = references.flatMap((reference) => checkFile(reference, identity) ?? []);
  // The same file is often named in many places: once is enough.
  return [
    ...new Map(findings.toReversed().map((finding) => [finding.message, finding])).values(),
  ].toReversed();
}

/** Whom front ends run as; undefined: as whoever starts modhost. */
interface Identity {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
  readonly groups: readonly number[];
}

function findIdentity({ global }: ServerConfig): Identity | undefined {
  if (process.getuid?.() !== 0 || global.user === undefined) return undefined;
  const groups = findGroupsOf(global.user);
  const uid = findUser(global.user);
  const gid = global.group === undefined ? groups[0] : findGroup(global.group);
  return uid === undefined || gid === undefined ? undefined : { name: global.user, uid, gid, groups };
}

function checkFile(reference: FileReference, identity: Identity | undefined): Finding | undefined {
  const { use, path, position, directive } = reference;
  const found = use === 'script' ? findScript(path) : statOf(path);
  const finding = (kind: Finding['kind'], message: string): Finding => ({
    kind,
    position,
    directive,
    message,
  });
  if (use === 'script' || use === 'login-script') {
    if (found !== undefined) return undefined;
    const effect = use === 'script' ? 'requests for it are answered with 404' : 'every login here fails';
    return finding('missing-script', `there is no script file ${path}: until there is one, ${effect}`);
  }
  // A missing one was already reported while reading.
  if (!found?.isFile()) return undefined;
  if (!canRead(path, identity)) {
    const who =
      identity === undefined ? 'the current account' : `the user ${identity.name} of the front ends`;
    return finding('unreadable-file', `${who} cannot read ${path}: nobody can log in here`);
  }
  if (use === 'passwords' && isOpenToEverybody(path, found))
    return finding(
      'world-readable',
      `everybody on this machine can read ${path}; expected chmod 640 or less`,
    );
  return undefined;
}

/** The script, or a directory of scripts, even if more of a path follows. */
function findScript(path: string): Stats | undefined {
  const whole = statOf(path);
  if (whole !== undefined || path === '/') return whole;
  const before = path.endsWith('/') ? path.replace(/\/+$/, '') : dirname(path);
  const found = findScript(before);
  return found?.isFile() ? found : undefined;
}

function statOf(path: string): Stats | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false });
  } catch {
    return undefined;
  }
}

/** Asks the system itself, as the account that will ask: bits of modes do not tell everything. */
function canRead(path: string, identity: Identity | undefined): boolean {
  return identity === undefined ? canOpen(path) : asOther(identity, () => canOpen(path));
}

function canOpen(path: string): boolean {
  try {
    closeSync(openSync(path, 'r'));
    return true;
  } catch {
    return false;
  }
}

/** Does something synchronous with the rights of another account; for root only. */
function asOther<T>({ uid, gid, groups }: Identity, act: () => T): T {
  const before = process.getgroups?.() ?? [];
  process.setgroups?.([...new Set([gid, ...groups])]);
  process.setegid?.(gid);
  process.seteuid?.(uid);
  try {
    return act();
  } finally {
    process.seteuid?.(0);
    process.setegid?.(0);
    process.setgroups?.(before);
  }
}

/** For others, the file can be read and every directory above it entered. */
function isOpenToEverybody(path: string, file: Stats): boolean {
  if ((file.mode & 0o004) === 0) return false;
  for (let folder = dirname(path); ; folder = dirname(folder)) {
    const status = statOf(folder);
    if (status === undefined || (status.mode & 0o001) === 0) return false;
    if (folder === '/') return true;
  }
}
