import { type LogLevel, logLevels } from '../../log/index.js';
import type { Here } from '../draft.js';
import { parseModuleName } from '../modules.js';
import { listWords } from '../values.js';

/** LogLevel: `level` for all modules, `module:level` for one. */
export function setLogLevel(here: Here, words: readonly string[]): void {
  const draft = here.enclosing.length > 0 ? here.section.logLevel : here.server.body.logLevel;
  for (const word of words) {
    const colon = word.indexOf(':');
    const name = word.slice(colon + 1).toLowerCase();
    const level: LogLevel | undefined = logLevels.find((known) => known === name);
    if (level === undefined) {
      here.fail(`expected a level (${listWords(logLevels)}), not '${word}'`);
    } else if (colon < 0) {
      // A level for all also takes back what was said about single modules.
      draft.default = level;
      draft.modules.clear();
    } else {
      const module = word.slice(0, colon);
      const identifier = parseModuleName(module) ?? module;
      if (here.draft.knowsModule(identifier)) draft.modules.set(identifier, level);
      else here.fail(`unknown module '${module}'`, { at: { word: module } });
    }
  }
}
