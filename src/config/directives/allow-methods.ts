import { honoured, inModule, insideSections, list } from '../definition.js';
import { knownMethods, withoutHead } from '../methods.js';
import { findNearest } from '../nearest-name.js';

/** Which methods a section takes at all. */
export const allowMethods = inModule('allowmethods', [
  honoured(
    'AllowMethods',
    insideSections,
    list('reset|method …'),
    'The only methods that are served; whoever asks with another one is answered 405.',
    (here, words) => {
      const methods = words.length === 1 && words[0]?.toLowerCase() === 'reset' ? [] : words;
      here.section.settings.allowedMethods = withoutHead(methods);
      for (const word of methods.filter((method) => !knownMethods.includes(method)))
        here.fail(`there is no method '${word}'`, {
          at: { word },
          suggestion: findNearest(word, [...knownMethods, 'reset']),
        });
    },
    'reset',
  ),
]);
