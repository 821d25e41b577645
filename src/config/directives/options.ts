import type { Here } from '../draft.js';
import { listWords } from '../values.js';

/** As they are written. */
export const optionNames = [
  'Indexes',
  'Includes',
  'IncludesNOEXEC',
  'FollowSymLinks',
  'SymLinksIfOwnerMatch',
  'ExecCGI',
  'MultiViews',
] as const;

/** Options: the words replace what was inherited, or each has a sign and changes it. */
export function setOptions(here: Here, words: readonly string[]): void {
  const signed = words.filter((word) => /^[+-]/.test(word)).length;
  if (signed !== 0 && signed !== words.length) {
    here.fail('expected either all options with + or -, or none');
    return;
  }
  const before = here.section.settings.options;
  if (words.some((word, at) => at > 0 && word.toLowerCase() === 'all')) {
    here.fail("expected 'All' before every other option");
    return;
  }
  const isAbsolute = signed === 0;
  const add = new Set(isAbsolute ? [] : before?.add);
  const remove = new Set(isAbsolute ? [] : before?.remove);
  for (const word of words) {
    const name = word.replace(/^[+-]/, '').toLowerCase();
    const options = expandOption(name);
    if (options === undefined) {
      here.fail(`expected ${listWords([...optionNames, 'All', 'None'])}, not '${word}'`);
      continue;
    }
    if (!mayName(here, name, options)) {
      here.fail(`the option ${word} is not allowed here: AllowOverride names others`, { at: { word } });
      continue;
    }
    if (name === 'multiviews' && !word.startsWith('-'))
      here.warn('MultiViews has no effect: a path must name its file in full', {
        kind: 'argument-no-effect',
      });
    for (const option of options) {
      const [gains, loses] = word.startsWith('-') ? [remove, add] : [add, remove];
      gains.add(option);
      loses.delete(option);
    }
  }
  here.section.settings.options = { absolute: isAbsolute || before?.absolute === true, add, remove };
}

/** In a .htaccess file: `AllowOverride Options=…` may leave only some to choose from. Who may include programs may include files. */
function mayName({ draft }: Here, name: string, options: readonly string[]): boolean {
  const allowed = draft.htaccess?.overrides.options;
  if (allowed === undefined || (name === 'includesnoexec' && allowed.has('includes'))) return true;
  return options.every((option) => allowed.has(option.toLowerCase()));
}

/** `name` in lower case; undefined for one that there is not. */
export function expandOption(name: string): readonly string[] | undefined {
  if (name === 'none') return [];
  if (name === 'all') return optionNames.filter((option) => option !== 'MultiViews');
  const option = optionNames.find((known) => known.toLowerCase() === name);
  return option === undefined ? undefined : [option];
}
