import type { Here } from '../draft.js';
import type { MistakeDetails } from '../mistakes.js';
import { findNearest } from '../nearest-name.js';
import { parseOptions } from '../option-list.js';
import { applyIni } from '../uwsgi-ini/apply-ini.js';
import { takeWord } from '../words.js';
import type { ProcessGroupDraft } from './daemon-option-kinds.js';
import { daemonOptions, defaultProcessGroup } from './daemon-options.js';

/** WSGIDaemonProcess: the last of several options of one name counts. */
export function addDaemonProcess(here: Here, text: string): void {
  const { word: name, rest } = takeWord(text);
  if (!checkName(here, name)) return;
  const { position } = here.place;
  const group: ProcessGroupDraft = { name, position, virtualHostId: here.server.id, ...defaultProcessGroup };
  const parsed = parseOptions(rest);
  if (parsed.kind === 'wrong')
    here.fail(`expected option=value, not '${parsed.word}'`, { kind: 'unknown-option' });
  else {
    // What stands on the line wins over what the file says, wherever it stands.
    const isIni = ([option]: readonly [string, string]) => option === 'ini';
    for (const [option, value] of parsed.options.filter(isIni).slice(-1))
      applyOption(here, group, option, value);
    for (const pair of parsed.options) if (!isIni(pair)) applyOption(here, group, ...pair);
  }
  if (group.threads === 0 && group.minProcesses === 0)
    here.fail('min-processes=0 and threads=0: no request would ever start it; expected one of them');
  // Also with a mistake in it: who names the group is not wrong.
  here.draft.processGroups.push(group);
}

function checkName(here: Here, name: string): boolean {
  if (name === '') {
    here.fail('expected the name of the process group', { kind: 'argument-count' });
    return false;
  }
  // `%{…}` has a meaning where groups are chosen.
  if (name.startsWith('%{')) {
    here.fail(`expected a plain name, not '${name}'`);
    return false;
  }
  const twin = here.draft.processGroups.find((group) => group.name === name);
  if (twin === undefined) return true;
  const { file, line } = twin.position;
  here.fail(`the process group '${name}' is already declared in ${file}:${line}; expected each name once`, {
    kind: 'declared-twice',
  });
  return false;
}

function applyOption(here: Here, group: ProcessGroupDraft, option: string, value: string): void {
  const apply = option === 'ini' ? applyIni : daemonOptions.get(option);
  if (apply === undefined) {
    here.fail(`there is no option '${option}'`, {
      kind: 'unknown-option',
      suggestion: findNearest(option, [...daemonOptions.keys(), 'ini']),
    });
    return;
  }
  const at = { word: `${option}=${value}` };
  const warn = (message: string, details?: MistakeDetails) =>
    here.warn(`${option}: ${message}`, { at, ...details });
  const problem = apply(group, value, { ...here, warn });
  if (problem === undefined) return;
  const { message, ...details } = typeof problem === 'string' ? { message: problem } : problem;
  here.fail(`${option}: ${message}`, { at, ...details });
}
