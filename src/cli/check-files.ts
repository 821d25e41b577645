import { closeSync, openSync, type Stats, statSync } from 'node:fs';
import { dirname } from 'node:path';
import type { FileReference, Finding, ServerConfig } from '../config/index.js';
import { dropTrailingSlashes } from '../http/index.js';
import { asOther, findOtherAccount, type OtherAccount } from './other-account.js';

/** What `-t` says about the files that directives name: whether they are there, and who can read them. */
export function checkFiles(config: ServerConfig, references: readonly FileReference[]): Finding[] {
  const identity = findOtherAccount(config.global.user, config.global.group);
  const findings = references.flatMap((reference) => checkFile(reference, identity) ?? []);
  // The same file is often named in many places: once is enough.
  return [
    ...new Map(findings.toReversed().map((finding) => [finding.message, finding])).values(),
  ].toReversed();
}

function checkFile(reference: FileReference, identity: OtherAccount | undefined): Finding | undefined {
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
  const before = path.endsWith('/') ? dropTrailingSlashes(path) : dirname(path);
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
function canRead(path: string, identity: OtherAccount | undefined): boolean {
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

/** For others, the file can be read and every directory above it entered. */
function isOpenToEverybody(path: string, file: Stats): boolean {
  if ((file.mode & 0o004) === 0) return false;
  for (let folder = dirname(path); ; folder = dirname(folder)) {
    const status = statOf(folder);
    if (status === undefined || (status.mode & 0o001) === 0) return false;
    if (folder === '/') return true;
  }
}
