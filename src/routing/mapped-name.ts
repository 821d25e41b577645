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

/** The <Directory> and <Files> sections of a name, in the order in which they apply. */
export type MatchMappedName = (name: MappedName) => readonly CompiledSection[];

/** Names of existing files are remembered, as many as this; nobody can fill the memory with names he invents. */
const mostNames = 2_000;

export function createMappedNameMatcher(tables: readonly SectionTable[]): MatchMappedName {
  const remembered = new Map<string, readonly CompiledSection[]>();
  return (name) => {
    if (!name.exists) return matchName(tables, name);
    const known = remembered.get(name.accessed);
    if (known !== undefined) return known;
    const sections = matchName(tables, name);
    if (remembered.size === mostNames) remembered.clear();
    remembered.set(name.accessed, sections);
    return sections;
  };
}

function matchName(tables: readonly SectionTable[], { accessed, existing }: MappedName): CompiledSection[] {
  const directories = [...matchDirectories(tables, existing), ...matchDirectoryPatterns(tables, accessed)];
  const baseName = accessed.slice(accessed.lastIndexOf('/') + 1);
  return [...directories, ...matchFiles(tables, directories, baseName)];
}
