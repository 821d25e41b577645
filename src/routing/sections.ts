import { posix } from 'node:path';
import type { DirectorySettings, Section, SectionKind } from '../config/model.js';
import { mergeSlashes, toByteString } from '../http/index.js';
import { compilePathWildcard, compileWildcard, testBounded, withoutMemory } from '../matching/index.js';
import type { ConditionSection } from './conditions.js';
import type { RequestPath } from './match-table.js';
import { compileUrlMatch } from './match-url.js';
import { nameGroups } from './match-variables.js';
import { buildPrefixIndex, type PrefixIndex } from './prefix-index.js';

/** A section that can match, with its place in the file. Its identity stands for it in caches. */
export interface CompiledSection {
  readonly kind: SectionKind;
  readonly order: number;
  readonly settings: DirectorySettings;
  /** <Files> inside <Directory>. */
  readonly nested: readonly FileSection[];
  /** <If> and its kin inside. */
  readonly conditions: readonly ConditionSection[];
  /** A pattern with named groups. */
  readonly named?: RegExp;
}

interface FileSection extends CompiledSection {
  readonly matches: (baseName: string) => boolean;
}

interface PatternSection extends CompiledSection {
  readonly matches: (text: string) => boolean;
}

/** The sections of the main server or of one virtual host, ready to be matched. Config text has become bytes here. */
export interface SectionTable {
  /** <Directory> without regular expression, by the number of segments. */
  readonly directoryLevels: readonly DirectoryLevel[];
  readonly directoryPatterns: readonly DirectoryPattern[];
  readonly files: readonly FileSection[];
  /** <Proxy> and <ProxyMatch>. */
  readonly proxies: readonly PatternSection[];
  readonly locations: PrefixIndex<CompiledSection>;
  /** Wildcards and regular expressions. */
  readonly locationPatterns: readonly LocationPattern[];
  /** <If> and its kin outside other sections. */
  readonly conditions: readonly ConditionSection[];
}

interface DirectoryLevel {
  readonly literals: Map<string, CompiledSection[]>;
  readonly wildcards: PatternSection[];
}

interface DirectoryPattern extends PatternSection {
  /** Apache lets patterns with fewer slashes go first, whatever the order of the file. */
  readonly slashes: number;
}

interface LocationPattern extends PatternSection {
  /** A regular expression sees the path with its empty segments, a wildcard without. */
  readonly seesAsSent: boolean;
}

export function compileSections(sections: readonly Section[]): SectionTable {
  const directoryLevels: DirectoryLevel[] = [];
  const directoryPatterns: DirectoryPattern[] = [];
  const locationPrefixes: [string, CompiledSection][] = [];
  const locationPatterns: LocationPattern[] = [];

  for (const [order, section] of sections.entries()) {
    const { match } = section;
    if (match.kind === 'condition') continue;
    const compiled = compileSection(section, order);
    if (section.kind === 'directory') {
      if (match.kind === 'regex') directoryPatterns.push(compileDirectoryPattern(compiled, match.pattern));
      else addDirectory(directoryLevels, compiled, match.kind, toByteString(match.text));
    } else if (section.kind === 'location') {
      if (match.kind === 'literal') locationPrefixes.push([toByteString(match.text), compiled]);
      else locationPatterns.push(compileLocationPattern(compiled, match));
    }
  }
  return {
    directoryLevels,
    directoryPatterns,
    files: compileFiles(sections),
    proxies: compileProxies(sections),
    locations: buildPrefixIndex(locationPrefixes),
    locationPatterns,
    conditions: compileConditions(sections),
  };
}

/**
 * <Directory> without regular expression: the shortest first; of those with as many segments the tables' order (main server,
 * virtual host), then that of the file. `existing`: the part of the mapped name that exists, without trailing slash.
 */
export function matchDirectories(tables: readonly SectionTable[], existing: string): CompiledSection[] {
  const matched: CompiledSection[] = [];
  const deepest = Math.max(...tables.map(({ directoryLevels }) => directoryLevels.length));
  visitDirectories(tables, existing, deepest, (_, sections) => matched.push(...sections));
  return matched;
}

/** A directory on the way to a name, without slash at the end ('' is the root), and the sections that say its path. */
type VisitDirectory = (directory: string, sections: readonly CompiledSection[]) => void;

/** From the root on, no more than so many directories. */
export function visitDirectories(
  tables: readonly SectionTable[],
  existing: string,
  deepest: number,
  visit: VisitDirectory,
): void {
  const path = existing === '/' ? '' : existing;
  let end = 0;
  for (let depth = 0; depth < deepest; depth += 1) {
    const prefix = path.slice(0, end);
    const found: CompiledSection[] = [];
    for (const { directoryLevels } of tables) {
      const level = directoryLevels[depth];
      if (level === undefined) continue;
      const literals = level.literals.get(prefix) ?? [];
      const wildcards = level.wildcards.filter(({ matches }) => matches(prefix));
      found.push(...inOrderOfFile([...literals, ...wildcards]));
    }
    visit(prefix, found);
    if (end === path.length) break;
    const slash = path.indexOf('/', end + 1);
    end = slash === -1 ? path.length : slash;
  }
}

/** <DirectoryMatch>, <Directory ~>. `accessed`: the mapped name, of a directory with the slash it was asked with. */
export function matchDirectoryPatterns(tables: readonly SectionTable[], accessed: string): CompiledSection[] {
  const matched: DirectoryPattern[] = [];
  for (const { directoryPatterns } of tables) {
    for (const section of directoryPatterns) if (section.matches(accessed)) matched.push(section);
  }
  // Stable: main server before virtual host, then the order of the file.
  return matched.length < 2 ? matched : matched.sort((a, b) => a.slashes - b.slashes);
}

/** <Files> and <FilesMatch>, those inside the matched directories last. `baseName`: behind the last slash of the mapped name. */
export function matchFiles(
  tables: readonly SectionTable[],
  directories: readonly CompiledSection[],
  baseName: string,
): CompiledSection[] {
  const matched: CompiledSection[] = [];
  for (const { files } of tables) addMatching(matched, files, baseName);
  for (const { nested } of directories) addMatching(matched, nested, baseName);
  return matched;
}

/** <Location> and <LocationMatch> in the order of the file, the main server's first. */
export function matchLocations(tables: readonly SectionTable[], path: RequestPath): CompiledSection[] {
  const matched: CompiledSection[] = [];
  for (const { locations, locationPatterns } of tables) {
    const found: CompiledSection[] = [];
    locations.visit(path.merged, (section) => found.push(section));
    for (const section of locationPatterns) {
      if (section.matches(section.seesAsSent ? path.asSent : path.merged)) found.push(section);
    }
    matched.push(...inOrderOfFile(found));
  }
  return matched;
}

/** <Proxy> and <ProxyMatch> in the order of the file, the main server's first. `url`: what is asked for, decoded. */
export function matchProxies(tables: readonly SectionTable[], url: string): CompiledSection[] {
  return tables.flatMap(({ proxies }) => proxies.filter(({ matches }) => matches(url)));
}

/** `order`: its place among the others. */
export function compileSection(section: Section, order: number): CompiledSection {
  return {
    kind: section.kind,
    order,
    settings: section.settings,
    nested: section.kind === 'directory' ? compileFiles(section.sections) : [],
    conditions: compileConditions(section.sections),
    ...nameGroups(section),
  };
}

function compileConditions(sections: readonly Section[]): ConditionSection[] {
  return [...sections.entries()].flatMap(([order, section]) => {
    const { match, position } = section;
    if (match.kind !== 'condition') return [];
    const { branch, condition } = match;
    return [{ ...compileSection(section, order), branch, condition, position }];
  });
}

function compileProxies(sections: readonly Section[]): PatternSection[] {
  return [...sections.entries()]
    .filter(([, { kind }]) => kind === 'proxy')
    .map(([order, section]) => ({
      ...compileSection(section, order),
      matches: compileUrlMatch(section.match),
    }));
}

function compileFiles(sections: readonly Section[]): FileSection[] {
  return [...sections.entries()]
    .filter(([, { kind }]) => kind === 'files')
    .map(([order, section]) => ({ ...compileSection(section, order), matches: compileBaseName(section) }));
}

function compileBaseName({ match }: Section): (baseName: string) => boolean {
  if (match.kind === 'regex') return testOf(match.pattern);
  if (match.kind === 'condition') return () => false;
  const text = toByteString(match.text);
  return match.kind === 'wildcard' ? compileWildcard(text) : (baseName) => baseName === text;
}

function compileDirectoryPattern(section: CompiledSection, pattern: RegExp): DirectoryPattern {
  return { ...section, matches: testOf(pattern), slashes: pattern.source.split('/').length - 1 };
}

function addDirectory(
  levels: DirectoryLevel[],
  section: CompiledSection,
  kind: 'literal' | 'wildcard',
  written: string,
): void {
  const path = (kind === 'literal' ? posix.normalize(written) : mergeSlashes(written)).replace(/\/$/, '');
  const depth = path.split('/').length - 1;
  while (levels.length <= depth) levels.push({ literals: new Map(), wildcards: [] });
  const level = levels[depth] as DirectoryLevel;
  if (kind === 'wildcard') {
    level.wildcards.push({ ...section, matches: compilePathWildcard(path) });
    return;
  }
  const samePath = level.literals.get(path);
  if (samePath === undefined) level.literals.set(path, [section]);
  else samePath.push(section);
}

function compileLocationPattern(
  section: CompiledSection,
  match: { kind: 'wildcard'; text: string } | { kind: 'regex'; pattern: RegExp },
): LocationPattern {
  if (match.kind === 'regex') return { ...section, matches: testOf(match.pattern), seesAsSent: true };
  const matches = compilePathWildcard(mergeSlashes(toByteString(match.text)));
  return { ...section, matches, seesAsSent: false };
}

function testOf(pattern: RegExp): (text: string) => boolean {
  const stateless = withoutMemory(pattern);
  return (text) => testBounded(stateless, text);
}

function addMatching(matched: CompiledSection[], sections: readonly FileSection[], baseName: string): void {
  for (const section of sections) if (section.matches(baseName)) matched.push(section);
}

function inOrderOfFile(sections: CompiledSection[]): CompiledSection[] {
  return sections.length < 2 ? sections : sections.sort((a, b) => a.order - b.order);
}
