import { findGroup, findGroupsOf, findUser } from '../config/index.js';

/** An account that something will be done as. */
export interface OtherAccount {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
  readonly groups: readonly number[];
}

/** Whom processes with that User and Group run as; undefined: as whoever starts modhost, which is so for everybody but root. */
export function findOtherAccount(
  user: string | undefined,
  group: string | undefined,
): OtherAccount | undefined {
  if (process.getuid?.() !== 0 || user === undefined) return undefined;
  const groups = findGroupsOf(user);
  const uid = findUser(user);
  const gid = group === undefined ? groups[0] : findGroup(group);
  return uid === undefined || gid === undefined ? undefined : { name: user, uid, gid, groups };
}

/** Does something synchronous with the rights of another account; for root only. */
export function asOther<T>({ uid, gid, groups }: OtherAccount, act: () => T): T {
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
