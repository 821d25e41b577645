import type {
  DirectorySettings,
  EnvironmentSettings,
  ExtensionSettings,
  FileETagSetting,
  OptionsSetting,
  TlsAccess,
} from '../config/model.js';
import { mergeRewriting } from '../rewriting/index.js';

/** How a member merges: what a later section says, on top of what is there. Both say something about it. */
type Merge<Member extends keyof DirectorySettings> = (
  base: NonNullable<DirectorySettings[Member]>,
  later: NonNullable<DirectorySettings[Member]>,
) => NonNullable<DirectorySettings[Member]>;

/**
 * The table: members that are not here are said anew by the later section (DirectoryIndex too: it replaces the list).
 * `require` and `authMerging` go together, see mergeRequirement.
 */
const merges: { readonly [Member in keyof DirectorySettings]?: Merge<Member> } = {
  environment: mergeEnvironment,
  environmentRules: (base, later) => [...base, ...later],
  expiresByType: (base, later) => new Map([...base, ...later]),
  requestHeaders: (base, later) => [...base, ...later],
  responseHeaders: (base, later) => [...base, ...later],
  options: mergeOptions,
  errorDocuments: (base, later) => new Map([...base, ...later]),
  extensions: mergeExtensions,
  fileETag: mergeFileETag,
  fcgiVariables: (base, later) => [...base, ...later],
  handlerScripts: (base, later) => new Map([...base, ...later]),
  redirects: (base, later) => [...later, ...base],
  authThrottle: (base, later) => ({ ...base, ...later }),
  tls: mergeTls,
  proxyReverses: (base, later) => [...base, ...later],
  proxyTls: (base, later) => ({ ...base, ...later }),
  rewriting: mergeRewriting,
};

const mergedMembers = Object.keys(merges) as (keyof typeof merges)[];

/** `later` wins over `base`, in the order in which sections apply. Frozen. */
export function mergeSettings(base: DirectorySettings, later: DirectorySettings): DirectorySettings {
  const members = mergedMembers.map((member) => mergeMember(member, base, later));
  return Object.freeze(Object.assign({ ...base, ...later }, ...members, mergeRequirement(base, later)));
}

function mergeMember<Member extends keyof DirectorySettings>(
  member: Member,
  base: DirectorySettings,
  later: DirectorySettings,
): Pick<DirectorySettings, Member> | undefined {
  const before = base[member];
  const after = later[member];
  const merge = merges[member];
  if (before == null || after == null || merge === undefined) return undefined;
  return { [member]: merge(before, after) } as Pick<DirectorySettings, Member>;
}

/**
 * A Require set replaces the one before it, unless it stands under AuthMerging And or Or. AuthMerging alone takes nothing
 * away (in Apache, `AuthMerging Off` without Require opens the section: nobody means that).
 */
function mergeRequirement(
  base: DirectorySettings,
  later: DirectorySettings,
): Pick<DirectorySettings, 'require' | 'authMerging'> {
  if (later.require === undefined) return {};
  const authMerging = later.authMerging ?? 'off';
  if (base.require === undefined || authMerging === 'off') return { require: later.require, authMerging };
  const { position } = later.require;
  const kind = authMerging === 'and' ? 'every' : 'any';
  return { require: { kind, requirements: [base.require, later.require], position }, authMerging };
}

/** By name; what one section sets a later one may unset, and the other way round. */
function mergeEnvironment(base: EnvironmentSettings, later: EnvironmentSettings): EnvironmentSettings {
  const set = new Map(base.set);
  const pass = new Map(base.pass);
  const unset = new Set(base.unset);
  for (const name of [...later.unset, ...later.set.keys(), ...later.pass.keys()]) {
    set.delete(name);
    pass.delete(name);
    unset.delete(name);
  }
  for (const [name, value] of later.set) set.set(name, value);
  for (const [name, value] of later.pass) pass.set(name, value);
  for (const name of later.unset) unset.add(name);
  return { set, pass, unset };
}

/** Words without signs replace all, `+` and `-` change what is there. */
function mergeOptions(base: OptionsSetting, later: OptionsSetting): OptionsSetting {
  if (later.absolute) return later;
  const add = new Set(base.add);
  const remove = new Set(base.remove);
  for (const word of later.add) {
    add.add(word);
    remove.delete(word);
  }
  for (const word of later.remove) {
    add.delete(word);
    remove.add(word);
  }
  return { absolute: base.absolute, add, remove };
}

/** By extension, then by what is said of it. */
function mergeExtensions(
  base: ReadonlyMap<string, ExtensionSettings>,
  later: ReadonlyMap<string, ExtensionSettings>,
): ReadonlyMap<string, ExtensionSettings> {
  const merged = new Map(base);
  for (const [extension, said] of later) merged.set(extension, { ...merged.get(extension), ...said });
  return merged;
}

/** As Options. */
function mergeFileETag(base: FileETagSetting, later: FileETagSetting): FileETagSetting {
  if (later.absolute) return later;
  const without = (parts: FileETagSetting['add'], gone: FileETagSetting['add']) =>
    [...parts].filter((part) => !gone.has(part));
  return {
    absolute: base.absolute,
    add: new Set([...without(base.add, later.remove), ...later.add]),
    remove: new Set([...without(base.remove, later.add), ...later.remove]),
  };
}

/** What one section demands, no later one takes back; but who needs a certificate is said anew. */
function mergeTls(base: TlsAccess, later: TlsAccess): TlsAccess {
  const requirements = [...(base.requirements ?? []), ...(later.requirements ?? [])];
  const options = [base.options, later.options].filter((setting) => setting !== undefined);
  return {
    ...base,
    ...later,
    ...(requirements.length === 0 ? {} : { requirements }),
    ...(options.length === 0 ? {} : { options: options.reduce(mergeOptions) }),
  };
}
