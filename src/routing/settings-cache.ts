import type { DirectorySettings, SectionKind } from '../config/model.js';
import { mergeSettings } from './merge-settings.js';
import type { CompiledSection } from './sections.js';

/** Matched sections, in the order in which they apply → the settings that result. */
export type MergeSections = (...sections: readonly (readonly CompiledSection[])[]) => DirectorySettings;

/** As many combinations of sections are remembered per server; patterns could make more than memory holds. */
const mostCombinations = 10_000;

/** A combination of sections that was met, and what it merges to. */
interface Combination {
  readonly settings: DirectorySettings;
  readonly kind?: SectionKind;
  /** What the sections of other kinds gave before, and what those of this kind give among themselves. */
  readonly before: DirectorySettings;
  readonly among: DirectorySettings;
  readonly next: Map<CompiledSection, Combination>;
}

/**
 * Merges as Apache does: sections of one kind among themselves, then the result onto what was there. (With AuthMerging this
 * is not the same as one after the other.) The same sections give the identical frozen object, until `forget` is called because
 * sections that were met are gone: nothing of them shall be kept.
 */
export function createSettingsCache(base: DirectorySettings): {
  readonly merge: MergeSections;
  readonly forget: () => void;
} {
  const start: Combination = { settings: base, before: base, among: nothing, next: new Map() };
  let count = 0;

  const add = (combination: Combination, section: CompiledSection): Combination => {
    if (count === mostCombinations) {
      start.next.clear();
      count = 0;
    }
    const next = extend(combination, section);
    combination.next.set(section, next);
    count += 1;
    return next;
  };

  const merge: MergeSections = (...lists) => {
    let combination = start;
    for (const sections of lists) {
      for (const section of sections) {
        combination = combination.next.get(section) ?? add(combination, section);
      }
    }
    return combination.settings;
  };
  const forget = () => {
    start.next.clear();
    count = 0;
  };
  return { merge, forget };
}

const nothing: DirectorySettings = Object.freeze({});

/** Merged settings → those of the sections they were made of. */
const mergedFrom = new WeakMap<DirectorySettings, readonly DirectorySettings[]>();

/** The settings of the sections behind the settings of a route, in the order in which they apply. */
export function listMergedSettings(settings: DirectorySettings): readonly DirectorySettings[] {
  return mergedFrom.get(settings) ?? [];
}

function extend(combination: Combination, { kind, settings }: CompiledSection): Combination {
  const isSameKind = combination.kind === kind;
  const before = isSameKind ? combination.before : combination.settings;
  const among = isSameKind ? mergeSettings(combination.among, settings) : settings;
  const merged = mergeSettings(before, among);
  mergedFrom.set(merged, [...listMergedSettings(combination.settings), settings]);
  return { kind, before, among, settings: merged, next: new Map() };
}
