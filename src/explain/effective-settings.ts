import type { DirectorySettings, Position, Section, ServerConfig, VirtualHost } from '../config/model.js';
import { hidden, hideUrlPasswords, isSecretName } from '../log/index.js';
import { findHtaccessSection, listMergedSettings } from '../routing/index.js';
import { describeHostAccess } from './describe-host-access.js';
import { describeRequirement, isRequirement } from './describe-requirement.js';
import type { EffectiveSetting } from './explanation.js';

/** The line that says a member of a section's settings, if that is known better than by the section: `findOrigin` of `config/`. */
export type FindOrigin = (settings: DirectorySettings, member: string) => Position | undefined;

/** Settings of a server or section, and where it stands. */
interface Source {
  readonly settings: DirectorySettings;
  readonly position: Position;
}

/** The sections behind merged settings, in the order in which they were merged. */
export function listAppliedSections(config: ServerConfig, settings: DirectorySettings): readonly Section[] {
  const sections = new Map<DirectorySettings, Section>();
  for (const { sections: own } of [config.mainServer, ...config.virtualHosts]) collect(own, sections);
  return listMergedSettings(settings).flatMap(
    (merged) => sections.get(merged) ?? findHtaccessSection(merged) ?? [],
  );
}

function collect(sections: readonly Section[], into: Map<DirectorySettings, Section>): void {
  for (const section of sections) {
    into.set(section.settings, section);
    collect(section.sections, into);
  }
}

/** `<Directory conf/apps>` or `.htaccess file /srv/www/.htaccess` */
export function describeSection({ kind, match, argument, isHtaccess }: Section): string {
  if (isHtaccess) return `.htaccess file ${argument}`;
  if (match.kind === 'condition') return `<${branchNames[match.branch]} ${argument}>`.replace(' >', '>');
  const name = kind.charAt(0).toUpperCase() + kind.slice(1);
  return `<${name}${match.kind === 'regex' ? 'Match' : ''} ${argument}>`;
}

const branchNames = { if: 'If', 'else-if': 'ElseIf', else: 'Else' } as const;

/** What holds in the end and who said it; settings that nobody said are left out. */
export function listEffectiveSettings(
  config: ServerConfig,
  virtualHost: VirtualHost,
  settings: DirectorySettings,
  findOrigin: FindOrigin,
): readonly EffectiveSetting[] {
  const servers = virtualHost === config.mainServer ? [virtualHost] : [config.mainServer, virtualHost];
  const sources: Source[] = [
    ...servers.map(({ directorySettings, position }) => ({ settings: directorySettings, position })),
    ...listAppliedSections(config, settings),
  ];
  return Object.entries(settings).flatMap(([name, value]) => {
    // Where a value was written is told beside it.
    if (value === undefined || name === 'handlerPosition') return [];
    const text = describeSetting(name, settings) ?? describeValue(value);
    const saying = sources.filter((source) => name in source.settings);
    const from = saying.map((source) => findOrigin(source.settings, name) ?? source.position);
    return [{ name, value: text, from: from.reverse() }];
  });
}

/** Of settings that would be too long as they are. */
function describeSetting(
  name: string,
  { hostAccess, rewriting, fcgiVariables }: DirectorySettings,
): string | undefined {
  switch (name) {
    case 'hostAccess':
      return hostAccess && describeHostAccess(hostAccess);
    case 'rewriting':
      return rewriting && describeRewriting(rewriting);
    case 'fcgiVariables':
      return fcgiVariables
        ?.map(
          ({ name, value, position }) => `${value === undefined ? '!' : ''}${name} of line ${position.line}`,
        )
        .join(', ');
    default:
      return undefined;
  }
}

function describeRewriting({ engine, rules }: NonNullable<DirectorySettings['rewriting']>): string {
  const lines = rules.map(({ position }) => position.line).join(', ');
  return `RewriteEngine ${engine === true ? 'On' : 'Off'}${lines === '' ? '' : `, RewriteRule of line ${lines}`}`;
}

function describeValue(value: unknown): string {
  if (isRequirement(value)) return describeRequirement(value);
  if (value instanceof Map) return [...value].map(describeEntry).join(' ');
  if (value instanceof Set) return [...value].map(describeValue).join(' ');
  if (Array.isArray(value)) return value.map(describeValue).join(' ');
  if (typeof value !== 'object' || value === null) return hideUrlPasswords(String(value));
  const members = Object.entries(value).filter(([name, member]) => name !== 'position' && !isEmpty(member));
  const isSecret = 'name' in value && typeof value.name === 'string' && isSecretName(value.name);
  return members
    .map(([name, member]) => {
      const isHidden = name === 'password' || (isSecret && name === 'value');
      return `${name}: ${isHidden ? hidden : describeValue(member)}`;
    })
    .join(', ');
}

function describeEntry([key, value]: [unknown, unknown]): string {
  const isHidden = typeof key === 'string' && typeof value === 'string' && isSecretName(key);
  return `${describeValue(key)} ${isHidden ? hidden : describeValue(value)}`;
}

function isEmpty(value: unknown): boolean {
  return (value instanceof Map || value instanceof Set) && value.size === 0;
}
