import type { AllowedOverrides, Overrides, ServerConfig, VirtualHost } from '../config/model.js';
import { dropTrailingSlashes, toByteString } from '../http/index.js';
import type { HtaccessRefusal, ReadHtaccess } from './htaccess.js';
import { type CompiledSection, compileSections, type SectionTable, visitDirectories } from './sections.js';

/** What AllowOverride and AllowOverrideList have said so far on the way down to a directory. */
interface OverridesSoFar {
  readonly allowed?: AllowedOverrides;
  readonly names?: ReadonlySet<string>;
}

/** A directory on the way to a name, without slash at the end ('' is the root). */
export interface DirectoryStep {
  readonly directory: string;
  /** Those that say its path. */
  readonly sections: readonly CompiledSection[];
  /** What its .htaccess file may say; absent: unsaid looks for one. */
  readonly overrides?: Overrides;
}

/** From the root to `existing`. Only <Directory> without regular expression has a say in it (as httpd). */
export function stepThroughDirectories(
  tables: readonly SectionTable[],
  existing: string,
): readonly DirectoryStep[] {
  const steps: DirectoryStep[] = [];
  let soFar: OverridesSoFar = {};
  visitDirectories(tables, existing, Number.POSITIVE_INFINITY, (directory, sections) => {
    for (const section of sections) soFar = addOverrides(soFar, section);
    const overrides = settleOverrides(soFar);
    steps.push({ directory, sections, ...(overrides === undefined ? {} : { overrides }) });
  });
  return steps;
}

/** The <Directory> sections of some steps, with a .htaccess file behind those of its directory and before those of the next. */
export function followSteps(
  steps: readonly DirectoryStep[],
  readHtaccess: ReadHtaccess,
): {
  readonly sections: readonly CompiledSection[];
  readonly hasFiles: boolean;
  /** Nobody knows what holds from there on. */
  readonly refusal?: HtaccessRefusal;
} {
  const matched: CompiledSection[] = [];
  let hasFiles = false;
  for (const { directory, sections, overrides } of steps) {
    matched.push(...sections);
    const found = overrides === undefined ? undefined : readHtaccess(directory, overrides);
    if (found?.kind === 'refusal') return { sections: matched, hasFiles, refusal: found };
    if (found === undefined) continue;
    matched.push(found);
    hasFiles = true;
  }
  return { sections: matched, hasFiles };
}

/** Whether there is any directory whose .htaccess file is looked at: not if `<Directory />` forbids it and no other lets it. */
export function looksForFiles(tables: readonly SectionTable[]): boolean {
  const isReadIn = (said: OverridesSoFar) => settleOverrides(said) !== undefined;
  const [root] = stepThroughDirectories(tables, '/');
  if (root?.overrides !== undefined) return true;
  return tables.some(({ directoryLevels }) =>
    directoryLevels.some(({ literals, wildcards }) =>
      [...[...literals.values()].flat(), ...wildcards].some(({ settings }) => {
        const { allowOverride = none, allowOverrideList } = settings;
        return isReadIn({
          allowed: allowOverride,
          ...(allowOverrideList ? { names: allowOverrideList } : {}),
        });
      }),
    ),
  );
}

/** For -t: whether a virtual host looks for the .htaccess file of a directory (absolute, as in the site file). */
export function createHtaccessLookup({
  mainServer,
}: ServerConfig): (virtualHost: VirtualHost, directory: string) => boolean {
  const mainSections = compileSections(mainServer.sections);
  const compiled = new Map<VirtualHost, readonly SectionTable[]>([[mainServer, [mainSections]]]);
  return (virtualHost, directory) => {
    const tables = compiled.get(virtualHost) ?? [mainSections, compileSections(virtualHost.sections)];
    compiled.set(virtualHost, tables);
    const path = dropTrailingSlashes(toByteString(directory)) || '/';
    return stepThroughDirectories(tables, path).at(-1)?.overrides !== undefined;
  };
}

/** The later section wins, each directive for itself. */
function addOverrides(soFar: OverridesSoFar, { settings }: CompiledSection): OverridesSoFar {
  const { allowOverride = soFar.allowed, allowOverrideList = soFar.names } = settings;
  if (allowOverride === soFar.allowed && allowOverrideList === soFar.names) return soFar;
  return {
    ...(allowOverride === undefined ? {} : { allowed: allowOverride }),
    ...(allowOverrideList === undefined ? {} : { names: allowOverrideList }),
  };
}

/**
 * What the .htaccess file of a directory may say; undefined if unsaid looks for one. Where AllowOverride was never said, nothing
 * may be said, but the file is looked at (as httpd). The same words of the site file give the identical object.
 */
function settleOverrides({ allowed, names }: OverridesSoFar): Overrides | undefined {
  if (allowed !== undefined && allowed.classes.size + allowed.forgives.size + (names?.size ?? 0) === 0)
    return undefined;
  const ofAllowed = settled.get(allowed ?? unsaid) ?? new Map<ReadonlySet<string>, Overrides>();
  settled.set(allowed ?? unsaid, ofAllowed);
  const known = ofAllowed.get(names ?? nothing);
  if (known !== undefined) return known;
  const made: Overrides = { ...(allowed ?? unsaid), names: names ?? nothing };
  ofAllowed.set(names ?? nothing, made);
  return made;
}

/** Whether anything at all may stand in a file. */
export function allowsAnything({ classes, names }: Overrides): boolean {
  return classes.size + names.size > 0;
}

const nothing: ReadonlySet<string> = new Set();
/** AllowOverride None. */
const none: AllowedOverrides = { classes: new Set(), forgives: new Set() };
/** No AllowOverride. */
const unsaid: AllowedOverrides = { ...none };
const settled = new WeakMap<AllowedOverrides, Map<ReadonlySet<string>, Overrides>>();
