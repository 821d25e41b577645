import { resolve } from 'node:path';
import type { Place } from './mistakes.js';
import type { ReadPhase } from './read-phase.js';
import { statPath } from './stat-path.js';
import { compareVersion } from './version.js';
import { takeWord } from './words.js';

/** The answer of a conditional, or a message that says what was expected. */
export type Condition = (text: string, phase: ReadPhase, place: Place) => boolean | string;

/** Sections whose contents count only if something holds, by lower-case name. */
export const conditions: ReadonlyMap<string, Condition> = new Map<string, Condition>([
  ['ifdefine', (text, { variables }) => ask(text, (name) => variables.isDefined(name))],
  ['ifmodule', askForModule],
  [
    'iffile',
    (text, { serverRoot }) => ask(text, (name) => statPath(resolve(serverRoot, name)) !== undefined),
  ],
  ['ifdirective', (text, { known }) => ask(text, (name) => known.hasDirective(name))],
  ['ifsection', (text, { known }) => ask(text, (name) => known.hasSection(name))],
  ['ifversion', (text) => compareVersion(text)],
]);

/** What each of them asks for, in messages. */
export const conditionArguments: ReadonlyMap<string, string> = new Map([
  ['ifdefine', '[!]name'],
  ['ifmodule', '[!]module'],
  ['iffile', '[!]path'],
  ['ifdirective', '[!]name'],
  ['ifsection', '[!]name'],
  ['ifversion', '[[!]operator] version'],
]);

function askForModule(text: string, phase: ReadPhase, place: Place): boolean | string {
  return ask(text, (name, negated) => {
    const found = phase.known.findModule(name);
    if (found === 'absent' && !negated)
      phase.mistakes.warning(
        place,
        '<IfModule>',
        `${name} is not part of modhost: what stands here is skipped`,
        { kind: 'module-absent', at: { word: name } },
      );
    return found === 'served';
  });
}

/** Said of a conditional without one. */
export const noArgument = 'requires an argument';

/** `[!]name`, quotes and a blank after the `!` allowed; further words are ignored. */
function ask(text: string, isTrue: (name: string, negated: boolean) => boolean): boolean | string {
  const negated = text.startsWith('!');
  const { word } = takeWord(negated ? text.slice(1) : text);
  const quotedNegation = !negated && word.startsWith('!');
  const name = quotedNegation ? word.slice(1).trim() : word;
  if (name === '') return noArgument;
  return isTrue(name, negated || quotedNegation) !== (negated || quotedNegation);
}
