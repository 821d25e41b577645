import type { Here } from '../draft.js';
import { noteFile } from '../file-references.js';
import type { AuthScript } from '../model.js';
import { findNearest } from '../nearest-name.js';
import { parseOptions } from '../option-list.js';
import { listWords, resolvePath } from '../values.js';
import { takeWord } from '../words.js';

/** A script file with the options of WSGIAuthUserScript and WSGIAuthGroupScript; undefined if wrong, which is then reported. */
export function readAuthScript(here: Here, text: string): AuthScript | undefined {
  const { word: file, rest } = takeWord(text);
  if (file === '') {
    here.fail('expected a script file', { kind: 'argument-count' });
    return undefined;
  }
  // Whoever writes a .htaccess file shall not run programs under the account of another group.
  const groups = here.draft.htaccess === undefined ? ['process-group'] : [];
  const options = readScriptOptions(here, rest, [...groups, 'application-group']);
  if (options === undefined) return undefined;
  const processGroup = options.get('process-group');
  const applicationGroup = options.get('application-group');
  if (processGroup !== undefined) noteGroup(here, processGroup);
  noteFile(here, 'login-script', resolvePath(here, file));
  return {
    file: resolvePath(here, file),
    ...(processGroup === undefined ? {} : { processGroup }),
    ...(applicationGroup === undefined ? {} : { applicationGroup }),
    position: here.place.position,
  };
}

/** Options by name, the last of the same name winning; undefined if one is wrong, which is then reported. */
export function readScriptOptions(
  here: Here,
  text: string,
  known: readonly string[],
): ReadonlyMap<string, string> | undefined {
  const parsed = parseOptions(text);
  if (parsed.kind === 'wrong') {
    here.fail(`expected option=value with ${listWords(known)}, not '${parsed.word}'`, {
      kind: 'unknown-option',
    });
    return undefined;
  }
  let isRight = true;
  for (const [name, value] of parsed.options) {
    if (!known.includes(name))
      here.fail(`there is no option '${name}'; expected ${listWords(known)}`, {
        kind: 'unknown-option',
        suggestion: findNearest(name, known),
      });
    else if (value === '') here.fail(`expected a value for ${name}`, { at: { word: `${name}=` } });
    else continue;
    isRight = false;
  }
  return isRight ? new Map(parsed.options) : undefined;
}

/** A group that is chosen per request, such as `%{ENV:NAME}`, can only be checked then. */
export function isStaticGroup(name: string): boolean {
  return !name.startsWith('%{');
}

/** Remembers a group's name, to be checked when all groups are known. */
export function noteGroup(here: Here, name: string): void {
  if (!isStaticGroup(name)) return;
  const { place, directive, server } = here;
  here.draft.groupReferences.push({ name, place, directive, serverId: server.id });
}
