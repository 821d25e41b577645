import { anywhere, flag, honoured, inModule, one, two } from '../definition.js';
import type { Here } from '../draft.js';
import { growMap } from '../grow-setting.js';
import type { ExpiryRule } from '../model.js';

/** How long an answer stays good. */
export const expires = inModule('expires', [
  honoured('ExpiresActive', anywhere, flag, 'Whether answers say how long they stay good.', (here, on) => {
    here.section.settings.expiresActive = on;
  }),
  honoured(
    'ExpiresDefault',
    anywhere,
    one('"access|modification plus number unit …"|Aseconds|Mseconds'),
    'How long answers stay good whose media type has no rule of its own.',
    (here, text) => {
      const rule = takeRule(here, text);
      if (rule !== undefined) here.section.settings.expiresDefault = rule;
    },
  ),
  honoured(
    'ExpiresByType',
    anywhere,
    two('media-type "access|modification plus number unit …"|Aseconds|Mseconds'),
    'How long answers of a media type (or of all below `text/*`) stay good.',
    (here, type, text) => {
      if (!type.includes('/')) {
        here.fail(`expected a media type such as text/html or text/*, not '${type}'`);
        return;
      }
      const rule = takeRule(here, text);
      if (rule === undefined) return;
      const { settings } = here.section;
      settings.expiresByType = growMap(
        here,
        'expiresByType',
        settings.expiresByType,
        type.toLowerCase(),
        rule,
      );
    },
  ),
]);

const units: Readonly<Record<string, number>> = {
  year: 365 * 86_400,
  month: 30 * 86_400,
  week: 7 * 86_400,
  day: 86_400,
  hour: 3600,
  minute: 60,
  second: 1,
};

function takeRule(here: Here, text: string): ExpiryRule | undefined {
  const short = /^([AM])(\d{1,10})$/.exec(text);
  if (short !== null)
    return { base: short[1] === 'A' ? 'access' : 'modification', seconds: Number(short[2]) };
  const [base = '', ...words] = text.toLowerCase().split(/\s+/);
  const items = words[0] === 'plus' ? words.slice(1) : words;
  const seconds = sumUnits(items);
  if (/^(access|now|modification)$/.test(base) && seconds !== undefined)
    return { base: base === 'modification' ? 'modification' : 'access', seconds };
  here.fail(
    `expected access or modification, plus, and numbers with units from seconds to years, not '${text}'`,
  );
  return undefined;
}

function sumUnits(items: readonly string[]): number | undefined {
  if (items.length === 0 || items.length % 2 !== 0) return undefined;
  let seconds = 0;
  for (let at = 0; at < items.length; at += 2) {
    const unit = units[(items[at + 1] as string).replace(/s$/, '')];
    if (unit === undefined || !/^\d{1,9}$/.test(items[at] as string)) return undefined;
    seconds += Number(items[at]) * unit;
  }
  return seconds;
}
