import { trustedMs } from './access-files.js';
import type { HtaccessRefusal, ReadHtaccess } from './htaccess.js';
import { allowsAnything, type DirectoryStep, followSteps, stepThroughDirectories } from './overrides.js';
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

export interface MappedNameMatcher {
  readonly match: MatchMappedName;
  /** For how many milliseconds what matched a name holds for it: 0 where a .htaccess file may say something else at any time. */
  readonly holdsForMs: (name: MappedName, matched: readonly CompiledSection[]) => number;
}

/** `readHtaccess`: absent where no .htaccess file shall be looked at. */
export function createMappedNameMatcher(
  tables: readonly SectionTable[],
  readHtaccess: ReadHtaccess | undefined,
): MappedNameMatcher {
  if (readHtaccess === undefined)
    return {
      match: rememberNames((name) => matchName(tables, name)),
      holdsForMs: () => Number.POSITIVE_INFINITY,
    };
  const planName = rememberNames((name) => planMatch(tables, name));
  return {
    match: (name) => followPlan(tables, planName(name), readHtaccess),
    holdsForMs: (name, matched) => {
      const { withoutFiles, isUnheard } = planName(name);
      return matched === withoutFiles && isUnheard ? trustedMs : 0;
    },
  };
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
  /** No .htaccess file on the way to it may say anything. */
  readonly isUnheard: boolean;
  /** What it comes to if there is no such file: mostly there is none. */
  readonly withoutFiles: readonly CompiledSection[];
}

function planMatch(tables: readonly SectionTable[], name: MappedName): Plan {
  const steps = stepThroughDirectories(tables, name.existing);
  return {
    steps,
    isUnheard: steps.every(({ overrides }) => overrides === undefined || !allowsAnything(overrides)),
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
