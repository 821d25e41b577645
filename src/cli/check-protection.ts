import { readFileSync } from 'node:fs';
import { relative } from 'node:path';
import type { Finding } from '../config/index.js';
import type { DirectorySettings, Requirement, Section, ServerConfig, VirtualHost } from '../config/model.js';
import { type AccessJudgement, judgeAccess } from './describe-access.js';
import { listRoots, type MountPorts, pathsOf } from './mounts.js';

/** Hosts in which the sections of the main server are looked at too; each costs as much as a request. */
const maximumHosts = 200;

/**
 * What `-t` says about sections that look like a protection: whether they are one for the requests they are about, which is asked
 * of the router that serves them. A warning each, at the section.
 */
export function checkProtection(config: ServerConfig, ports: MountPorts): Finding[] {
  const { mainServer, virtualHosts } = config;
  const hosts = [mainServer, ...virtualHosts];
  const findings = hosts.flatMap((host) =>
    host.sections.flatMap((section) => checkSection(config, host, section, ports)),
  );
  const inherited = virtualHosts
    .slice(0, maximumHosts)
    .flatMap((host) =>
      mainServer.sections.flatMap((section) =>
        section.settings.require === undefined ? [] : checkSection(config, host, section, ports),
      ),
    );
  const first = new Map<object, Finding>();
  for (const finding of [...findings, ...inherited])
    if (!first.has(finding.position)) first.set(finding.position, finding);
  return [...first.values()];
}

function checkSection(
  config: ServerConfig,
  host: VirtualHost,
  section: Section,
  ports: MountPorts,
): Finding[] {
  const inner = section.sections.flatMap((child) =>
    asksUser(section.settings.require) ? [] : checkSection(config, host, child, ports),
  );
  if (!isMeantToProtect(section.settings)) return inner;
  const found = (kind: Finding['kind'], message: string): Finding => ({
    kind,
    position: section.position,
    directive: `<${section.kind.charAt(0).toUpperCase()}${section.kind.slice(1)}>`,
    message,
    at: 'arguments',
  });
  const neighbours = others(config, host, section);
  const paths = listPaths(config, host, section);
  for (const path of paths) {
    const { settings } = ports.route(host, Buffer.from(path).toString('latin1'));
    const judgement = judgeAccess(settings);
    const finding = judge(section, settings, judgement, neighbours);
    if (finding !== undefined) return [found(...finding), ...inner];
  }
  // What requests it is about cannot be told: only what it says itself can be judged.
  if (paths.length === 0 && section.settings.require === undefined && !isCompleted(neighbours))
    return [
      found(
        'open-in-effect',
        'asks nobody by itself: AuthType and its kin need a Require; expected one here',
      ),
      ...inner,
    ];
  return inner;
}

function judge(
  { settings: own }: Section,
  merged: DirectorySettings,
  judgement: AccessJudgement,
  neighbours: readonly Section[],
): [Finding['kind'], string] | undefined {
  switch (judgement.kind) {
    case 'open':
      // Deny all, then grant what is below: as it should be.
      if (own.require !== undefined && isPlainDenial(own.require)) return undefined;
      if (own.require !== undefined)
        return [
          'open-in-effect',
          'is open in effect: a section that is merged later, or AuthMerging Or, grants access to all',
        ];
      if (isCompleted(neighbours)) return undefined;
      return ['open-in-effect', `is open in effect: ${whyOpen(merged)}; expected a Require here`];
    case 'fails':
      return ['fails-for-all', `every request here fails: ${judgement.why}`];
    case 'closed':
      return own.require !== undefined && own.require.kind === 'any' && !isPlainDenial(own.require)
        ? ['never-granted', 'nobody can enter here: the requirements cannot be fulfilled']
        : undefined;
    case 'restricted':
      return findNobody(own.require, merged);
  }
}

/** Some say how to log in here and require it further down. */
function isCompleted(neighbours: readonly Section[]): boolean {
  return neighbours.some(({ settings }) => settings.authType === undefined && asksUser(settings.require));
}

function whyOpen({ authType, require }: DirectorySettings): string {
  const said =
    authType === undefined ? 'without AuthType and Require nobody is asked' : 'AuthType alone asks nobody';
  if (require === undefined) return said;
  const { file, line } = require.position;
  return `${said}, and the Require of ${file}:${line} grants access to all`;
}

/** Somebody is to be kept out, or a login is prepared. */
export function isMeantToProtect({
  require,
  authType,
  authUserFile,
  authUserScript,
}: DirectorySettings): boolean {
  if (require !== undefined && !isOnlyGranting(require)) return true;
  const asks = authType !== undefined && authType !== 'none';
  return require === undefined && (asks || authUserFile !== undefined || authUserScript !== undefined);
}

function isOnlyGranting(requirement: Requirement): boolean {
  if (requirement.kind === 'any' || requirement.kind === 'every')
    return requirement.requirements.every(isOnlyGranting);
  return requirement.kind === 'granted';
}

/** `all denied`, and nothing else. */
export function isPlainDenial(requirement: Requirement): boolean {
  if (requirement.kind === 'any' || requirement.kind === 'every')
    return requirement.requirements.every(isPlainDenial);
  return requirement.kind === 'denied';
}

function asksUser(requirement: Requirement | undefined): boolean {
  if (requirement === undefined) return false;
  if ('requirements' in requirement) return requirement.requirements.some(asksUser);
  if ('requirement' in requirement) return asksUser(requirement.requirement);
  return ['valid-user', 'user', 'group', 'wsgi-group'].includes(requirement.kind);
}

/** Paths that the section is certainly about. */
function listPaths(config: ServerConfig, host: VirtualHost, section: Section): readonly string[] {
  const aliases = [host, config.mainServer].flatMap((server) => [...server.aliases, ...server.scriptAliases]);
  const roots = listRoots(host, aliases);
  const whole =
    section.kind === 'directory' && section.match.kind === 'literal' ? section.match.text : undefined;
  // What lies deeper is for deeper sections to say.
  const mapped = roots.filter(({ target }) => whole !== undefined && relative(whole, target) === '');
  return [...mapped.map(({ path }) => path), ...pathsOf(section, roots)].slice(0, 5);
}

function others({ mainServer }: ServerConfig, host: VirtualHost, section: Section): readonly Section[] {
  const all = [...mainServer.sections, ...host.sections].flatMap(withInner);
  return all.filter((other) => other !== section);
}

function withInner(section: Section): Section[] {
  return [section, ...section.sections.flatMap(withInner)];
}

/** Users and groups that the files do not know, where nothing else could let anybody in. */
function findNobody(
  own: Requirement | undefined,
  { authUserFile, authGroupFile, authType, authBasicProviders, authDigestProviders }: DirectorySettings,
): [Finding['kind'], string] | undefined {
  if (own?.kind !== 'any' || own.requirements.length !== 1) return undefined;
  const [only] = own.requirements;
  const providers = authType === 'digest' ? authDigestProviders : authBasicProviders;
  const isFileAsked = (providers ?? ['file']).every((provider) => provider === 'file');
  if (only?.kind === 'user' && isFileAsked) return reportUnknown('user', only.names, authUserFile);
  if (only?.kind === 'group') return reportUnknown('group', only.names, authGroupFile);
  return undefined;
}

function reportUnknown(
  what: string,
  names: readonly string[],
  file: string | undefined,
): [Finding['kind'], string] | undefined {
  const known = file === undefined ? undefined : readNames(file);
  if (known === undefined || names.length === 0 || names.some((name) => known.has(name))) return undefined;
  const list = names.map((name) => `'${name}'`).join(', ');
  return ['never-granted', `nobody can enter here: ${file} does not have the ${what} ${list}`];
}

/** What stands before the first colon of each line; undefined if the file cannot be read. */
function readNames(file: string): ReadonlySet<string> | undefined {
  try {
    return new Set(
      readFileSync(file, 'utf8')
        .split('\n')
        .map((line) => line.trim().split(':')[0] ?? ''),
    );
  } catch {
    return undefined;
  }
}
