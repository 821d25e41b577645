import type { Here } from '../draft.js';
import { noteFile } from '../file-references.js';
import { chooseWord, resolvePath } from '../values.js';
import { takeWord } from '../words.js';
import { noteGroup, readScriptOptions } from './script-options.js';

/** Handlers that are there without anybody naming them. */
export const ownHandlers: readonly string[] = ['wsgi-script', 'default-handler', 'none'];

/** WSGIHandlerScript: from here on, the section has a handler of that name. */
export function addHandlerScript(here: Here, text: string): void {
  const { word: name, rest } = takeWord(text);
  const { word: file, rest: tail } = takeWord(rest);
  if (name === '' || file === '') {
    here.fail('requires at least two arguments: name file', { kind: 'argument-count' });
    return;
  }
  const handler = name.toLowerCase();
  if (ownHandlers.includes(handler)) {
    here.fail(`'${name}' is a handler already; expected a name of its own`, { at: { word: name } });
    return;
  }
  const options = readScriptOptions(here, tail, ['process-group', 'application-group', 'pass-authorization']);
  if (options === undefined) return;
  const processGroup = options.get('process-group');
  const applicationGroup = options.get('application-group');
  const pass = options.get('pass-authorization');
  const passed = pass === undefined ? undefined : chooseWord(here, pass, ['on', 'off']);
  if (processGroup !== undefined) noteGroup(here, processGroup);
  noteFile(here, 'script', resolvePath(here, file));
  here.draft.handlerNames.add(handler);
  const { settings } = here.section;
  settings.handlerScripts = new Map(settings.handlerScripts).set(handler, {
    file: resolvePath(here, file),
    ...(processGroup === undefined ? {} : { processGroup }),
    ...(applicationGroup === undefined ? {} : { applicationGroup }),
    ...(passed === undefined ? {} : { passAuthorization: passed === 'on' }),
    position: here.place.position,
  });
}

/** Calls `complain` if nothing is called by that name: at once in a .htaccess file, else when the whole site file is read. */
export function expectHandler(here: Here, name: string, complain: () => void): void {
  const handler = name.toLowerCase();
  const { draft } = here;
  if (draft.htaccess === undefined) draft.handlerReferences.push({ name: handler, complain });
  else if (!draft.handlerNames.has(handler)) complain();
}
