import { anywhere, flag, honoured, inModule, insideSections, one, raw } from '../definition.js';
import type { Here } from '../draft.js';
import { takeCondition, takeText } from '../expression.js';
import { growList } from '../grow-setting.js';
import { chooseWord } from '../values.js';
import { splitWords } from '../words.js';

/** What FastCGI and SCGI servers are told. */
export const proxyFcgi = [
  ...inModule('core', [
    honoured(
      'CGIPassAuth',
      insideSections,
      flag,
      'Whether applications, and FastCGI and SCGI servers, see the Authorization header.',
      (here, isOn) => {
        here.section.settings.cgiPassAuth = isOn;
      },
      'Off',
    ),
  ]),
  ...inModule('proxy_fcgi', [
    honoured(
      'ProxyFCGIBackendType',
      anywhere,
      one('FPM|GENERIC'),
      'Whether SCRIPT_FILENAME begins with proxy:fcgi://host (FPM), or is the name of the file alone.',
      (here, text) => {
        const type = chooseWord(here, text, ['FPM', 'GENERIC'] as const);
        if (type !== undefined) here.section.settings.fcgiBackendType = type === 'FPM' ? 'fpm' : 'generic';
      },
      'FPM',
    ),
    honoured(
      'ProxyFCGISetEnvIf',
      anywhere,
      raw('expression [!]variable [value]'),
      'Changes a variable that a FastCGI server is told, when an expression holds; reqenv() reads the others.',
      addVariableRule,
    ),
  ]),
  ...inModule('proxy_scgi', [
    honoured(
      'ProxySCGIInternalRedirect',
      anywhere,
      flag,
      'Whether Location with a path, and no Status, of an SCGI server has that path answered in place of the one that was asked for.',
      (here, isOn) => {
        here.section.settings.scgiInternalRedirect = isOn;
      },
      'On',
    ),
  ]),
];

function addVariableRule(here: Here, text: string): void {
  const [expression, word = '', value, ...more] = splitWords(text);
  const name = word.replace(/^!/, '');
  if (expression === undefined || name === '' || more.length > 0) {
    here.fail('expected an expression, a variable and perhaps its value', { kind: 'argument-count' });
    return;
  }
  if (name.includes('\0') || (word.startsWith('!') && value !== undefined)) {
    here.fail(`expected a variable, or ! and a variable without a value, not '${word}'`, { at: { word } });
    return;
  }
  const condition = takeCondition(here, expression);
  const made = word.startsWith('!') ? undefined : takeText(here, value ?? '');
  if (condition === undefined || (made === undefined && !word.startsWith('!'))) return;
  const rule = {
    condition,
    name,
    ...(made === undefined ? {} : { value: made }),
    position: here.place.position,
  };
  const { settings } = here.section;
  settings.fcgiVariables = growList(here, 'fcgiVariables', settings.fcgiVariables, [rule]);
}
