import { honoured, inModule, list, outsideSections } from '../definition.js';
import type { Here } from '../draft.js';
import type { ReadLimit, ReadTimeouts } from '../model.js';

/** How slow a client may be. */
export const reqTimeout = inModule('reqtimeout', [
  honoured(
    'RequestReadTimeout',
    outsideSections,
    list('handshake|header|body=seconds[-seconds][,MinRate=bytes] …'),
    'Time for the TLS handshake, for a request line with its headers, and for a body; longer, up to a limit, for who sends MinRate bytes a second.',
    (here, words) => {
      const { settings } = here.server;
      for (const word of words)
        settings.readTimeouts = { ...settings.readTimeouts, ...readTimeout(here, word) };
    },
    'handshake=0 header=20-40,MinRate=500 body=20,MinRate=500',
  ),
]);

const parts: readonly (keyof ReadTimeouts)[] = ['handshake', 'header', 'body'];

function readTimeout(here: Here, word: string): ReadTimeouts {
  const [name = '', value = ''] = word.split(/=(.*)/s);
  const part = parts.find((each) => each === name.toLowerCase());
  if (part === undefined) {
    here.fail(`expected handshake=, header= or body=, not '${word}'`);
    return {};
  }
  const limit = parseLimit(value);
  if (typeof limit === 'string') here.fail(limit, { at: { word } });
  else return { [part]: limit };
  return {};
}

/** `20`, `20,MinRate=500`, `20-40,MinRate=500`; 0: no limit. Text: what is wrong with it. */
function parseLimit(value: string): ReadLimit | string {
  const match = /^(\d{1,6})(?:-(\d{1,6}))?(?:,minrate=(\d{1,9}))?$/i.exec(value);
  if (match === null)
    return `expected seconds such as 20, 20,MinRate=500 or 20-40,MinRate=500, not '${value}'`;
  const [, initial = '', maximum, rate] = match;
  if (maximum !== undefined && rate === undefined) return 'a longest time needs MinRate= behind it';
  if (maximum !== undefined && Number(maximum) <= Number(initial))
    return 'expected the longest time to be longer than the first';
  if (rate !== undefined && Number(rate) === 0) return 'expected a MinRate of more than 0 bytes a second';
  return {
    initialMs: Number(initial) * 1000,
    ...(maximum === undefined ? {} : { maximumMs: Number(maximum) * 1000 }),
    ...(rate === undefined ? {} : { bytesPerSecond: Number(rate) }),
  };
}
