import type { HtaccessRefusal, ReadHtaccess } from './htaccess.js';
import { type DirectoryStep, followSteps, stepThroughDirectories } from './overrides.js';
import {
  type CompiledSection,
  matchDirectories,
  matchDirectoryPatterns,
  matchFiles,
  type SectionTable,
} from './sections.js';

/** What a path is mapped to in the file system. */
export interface MappedName {
  /** As far as the walk came; a directory keeps the slash it was asked with (then it has no base name). */
  readonly accessed: string;
  /** The part that exists, without trailing slash. */
  readonly existing: string;
  /** All of it exists. */
  readonly exists: boolean;
}

/** The <Directory> and <Files> sections of a name, .htaccess files among them, in the order in which they apply. */
export type MatchMappedName = (name: MappedName) => readonly CompiledSection[] | HtaccessRefusal;

/** Names of existing files are remembered, as many as this; nobody can fill the memory with names he invents. */
const mostNames = 2_000;

/** `readHtaccess`: absent where no .htaccess file shall be looked at. */
export function createMappedNameMatcher(
  tables: readonly SectionTable[],
  readHtaccess: ReadHtaccess | undefined,
): MatchMappedName {
  if (readHtaccess === undefined) return rememberNames((name) => matchName(tables, name));
  const planName = rememberNames((name) => planMatch(tables, name));
  return (name) => followPlan(tables, planName(name), readHtaccess);
}

function rememberNames<Found>(find: (name: MappedName) => Found): (name: MappedName) => Found {
  const remembered = new Map<string, Found>();
  return (name) => {
    if (!name.exists) return find(name);
    const known = remembered.get(name.accessed);
    if (known !== undefined) return known;
    const found = find(name);
    if (remembered.size === mostNames) remembered.clear();
    remembered.set(name.accessed, found);
    return found;
  };
}

function matchName(tables: readonly SectionTable[], { accessed, existing }: MappedName): CompiledSection[] {
  const directories = [...matchDirectories(tables, existing), ...matchDirectoryPatterns(tables, accessed)];
  return [...directories, ...matchFiles(tables, directories, baseNameOf(accessed))];
}

/** What is known of a name before any .htaccess file has been looked at. */
interface Plan {
  readonly steps: readonly DirectoryStep[];
  readonly patterns: readonly CompiledSection[];
  readonly baseName: string;
  /** What it comes to if there is no such file: mostly there is none. */
  readonly withoutFiles: readonly CompiledSection[];
}

function planMatch(tables: readonly SectionTable[], name: MappedName): Plan {
  return {
    steps: stepThroughDirectories(tables, name.existing),
    patterns: matchDirectoryPatterns(tables, name.accessed),
    baseName: baseNameOf(name.accessed),
    withoutFiles: matchName(tables, name),
  };
}

function followPlan(
  tables: readonly SectionTable[],
  { steps, patterns, baseName, withoutFiles }: Plan,
  readHtaccess: ReadHtaccess,
): readonly CompiledSection[] | HtaccessRefusal {
  const matched = followSteps(steps, readHtaccess);
  if (matched.refusal !== undefined) return matched.refusal;
  if (!matched.hasFiles) return withoutFiles;
  const directories = [...matched.sections, ...patterns];
  return [...directories, ...matchFiles(tables, directories, baseName)];
}

function baseNameOf(accessed: string): string {
  return accessed.slice(accessed.lastIndexOf('/') + 1);
}
