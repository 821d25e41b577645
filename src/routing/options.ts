import type { OptionsSetting } from '../config/model.js';

/** Options as settled for one directory, in lower case. */
export type Options = ReadonlySet<string>;

const defaults: Options = new Set(['followsymlinks']);
const all: Options = new Set(['execcgi', 'followsymlinks', 'includes', 'indexes']);

const settledBefore = new WeakMap<OptionsSetting, Options>();

/** Apache's default where nothing is said: FollowSymLinks. */
export function settleOptions(setting: OptionsSetting | undefined): Options {
  if (setting === undefined) return defaults;
  const known = settledBefore.get(setting);
  if (known !== undefined) return known;
  const options = settle(setting);
  settledBefore.set(setting, options);
  return options;
}

function settle(setting: OptionsSetting): Options {
  const settled = new Set(setting.absolute ? [] : defaults);
  for (const word of expandWords(setting.add)) settled.add(word);
  for (const word of expandWords(setting.remove)) settled.delete(word);
  return settled;
}

function* expandWords(words: Iterable<string>): Iterable<string> {
  for (const word of words) {
    const name = word.toLowerCase();
    if (name === 'all') yield* all;
    else if (name !== 'none') yield name;
  }
}
