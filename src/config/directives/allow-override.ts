import { honoured, inModule, insideSections, list, outsideSections } from '../definition.js';
import type { Here } from '../draft.js';
import type { AllowedOverrides, OverrideClass } from '../model.js';
import { findNearest } from '../nearest-name.js';
import { overrideClasses, overrideClassesOf } from '../override-classes.js';
import { listWords } from '../values.js';
import { expandOption, optionNames } from './options.js';

/** What .htaccess files may say, and what they are called. */
export const allowOverride = inModule('core', [
  honoured(
    'AllowOverride',
    insideSections,
    list('All|None|class[=option,…]|Nonfatal=… …'),
    'What .htaccess files may say: nothing at all, or the directives of some classes.',
    (here, words) => {
      if (hasEffect(here)) here.section.settings.allowOverride = parseOverrides(here, words);
    },
  ),
  honoured(
    'AllowOverrideList',
    insideSections,
    list('None|directive …'),
    'Directives that .htaccess files may hold besides those of AllowOverride.',
    (here, names) => {
      if (hasEffect(here)) here.section.settings.allowOverrideList = takeNames(here, names);
    },
    'None',
  ),
  honoured(
    'AccessFileName',
    outsideSections,
    list('name …'),
    'What is read in place of .htaccess: in each directory, the first of these that is there.',
    (here, names) => {
      const wrong = names.find((name) => name === '' || name.includes('/'));
      if (wrong === undefined) here.server.settings.accessFileNames = names;
      else here.fail(`expected the name of a file, without a path, not '${wrong}'`);
    },
    '.htaccess',
  ),
]);

function hasEffect(here: Here): boolean {
  const isDirectory = here.enclosing.at(-1) === 'directory';
  if (!isDirectory) here.warn('has no effect here; expected it in <Directory>', { at: 'name' });
  return isDirectory;
}

function parseOverrides(here: Here, words: readonly string[]): AllowedOverrides {
  const classes = new Set<OverrideClass>();
  const forgives = new Set<'unknown' | 'override'>();
  let options: Set<string> | undefined;
  for (const word of words) {
    const equals = word.indexOf('=');
    const name = (equals < 0 ? word : word.slice(0, equals)).toLowerCase();
    const value = equals < 0 ? undefined : word.slice(equals + 1);
    const named = overrideClasses.find((candidate) => candidate.toLowerCase() === name);
    if (name === 'all') for (const each of overrideClasses) classes.add(each);
    else if (name === 'nonfatal') for (const each of takeForgiven(here, word, value)) forgives.add(each);
    else if (named !== undefined) classes.add(named);
    else if (name !== 'none') reportUnknown(here, word);
    if (named === 'Options') options = new Set(takeOptions(here, value ?? 'All'));
    else if (value !== undefined && named !== undefined)
      here.fail(`takes no '=' behind ${named}: expected it behind Options or Nonfatal only`, {
        at: { word },
      });
  }
  return { classes, forgives, ...(options === undefined ? {} : { options }) };
}

function reportUnknown(here: Here, word: string): void {
  const known = ['All', 'None', ...overrideClasses, 'Nonfatal=All'];
  here.fail(`expected ${listWords(known)}, not '${word}'`, { suggestion: findNearest(word, known) });
}

function takeForgiven(
  here: Here,
  word: string,
  value: string | undefined,
): readonly ('unknown' | 'override')[] {
  switch (value?.toLowerCase()) {
    case 'all':
      return ['unknown', 'override'];
    case 'unknown':
      return ['unknown'];
    case 'override':
      return ['override'];
    default:
      here.fail(`expected Nonfatal=Override, Nonfatal=Unknown or Nonfatal=All, not '${word}'`);
      return [];
  }
}

/** `Indexes,MultiViews`: what Options may name there. */
function takeOptions(here: Here, value: string): readonly string[] {
  return value.split(',').flatMap((name) => {
    const options = expandOption(name.toLowerCase());
    if (options === undefined)
      here.fail(`expected ${listWords([...optionNames, 'All', 'None'])} behind Options=, not '${name}'`, {
        suggestion: findNearest(name, optionNames),
      });
    return options?.map((option) => option.toLowerCase()) ?? [];
  });
}

/** A name that cannot stand in a .htaccess file allows nothing (as httpd, which only warns of it). */
function takeNames(here: Here, names: readonly string[]): ReadonlySet<string> {
  const taken = new Set<string>();
  for (const name of names) {
    if (name.toLowerCase() === 'none') continue;
    if (overrideClassesOf(name).size > 0) taken.add(name.toLowerCase());
    else here.warn(`'${name}' can never stand in a .htaccess file`, { at: { word: name } });
  }
  return taken;
}
