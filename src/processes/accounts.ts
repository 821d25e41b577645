import { execFileSync } from 'node:child_process';
import type { ServerConfig } from '../config/model.js';

/** What a front end becomes when it gives up root. */
export interface Identity {
  readonly user: string;
  readonly uid: number;
  readonly gid: number;
}

/**
 * User and Group of the front ends; undefined when there is no root to give up, or no User that says for whom.
 * @throws Error when the account or group does not exist
 */
export function frontEndIdentity(config: ServerConfig): Identity | undefined {
  const { user, group } = config.global;
  if (process.getuid?.() !== 0 || user === undefined) return undefined;
  const account = findAccount(user);
  return {
    user: account.name,
    uid: account.uid,
    gid: group === undefined ? account.gid : findGroupId(group),
  };
}

export interface Account {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
  readonly homeDirectory: string;
}

/**
 * The account of that name or `#id`, from the system's own databases (files, LDAP, …), which Node cannot read.
 * @throws Error when there is none
 */
export function findAccount(nameOrId: string): Account {
  const key = nameOrId.replace(/^#/, '');
  const [name, , uid, gid, , homeDirectory] = readEntry('passwd', key).split(':');
  return { name: name ?? key, uid: Number(uid), gid: Number(gid), homeDirectory: homeDirectory ?? '/' };
}

/** @throws Error when there is no such group */
export function findGroupId(nameOrId: string): number {
  if (nameOrId.startsWith('#')) return Number(nameOrId.slice(1));
  return Number(readEntry('group', nameOrId).split(':')[2]);
}

function readEntry(database: 'passwd' | 'group', key: string): string {
  try {
    return execFileSync('getent', [database, key], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }).trim();
  } catch {
    throw new Error(`bad ${database === 'passwd' ? 'user' : 'group'} name ${key}`);
  }
}
