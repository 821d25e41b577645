import type { Definition } from '../definition.js';
import {
  flag,
  honoured,
  honouredSection,
  inModule,
  insideSections,
  list,
  mainServerOnly,
  one,
  oneOrTwo,
} from '../definition.js';
import { createSectionDraft, type Here, type Scope } from '../draft.js';
import { type FileReference, noteFile } from '../file-references.js';
import { findNearest } from '../nearest-name.js';
import { statPath } from '../stat-path.js';
import { resolvePath } from '../values.js';
import { splitWords } from '../words.js';

/** Providers that check a name and a password. */
const providers: readonly string[] = ['file', 'wsgi'];
/** Apache's others: known, so that the message can say what is missing. */
const missingProviders: readonly string[] = ['anon', 'dbd', 'dbm', 'fcgi', 'ldap', 'socache'];

/** Kinds of AuthType that Apache's modules bring and modhost lacks. */
const missingTypes: readonly string[] = ['digest', 'form'];

/** Who somebody is. */
export const auth: readonly Definition[] = [
  ...inModule('authn_core', [
    honoured('AuthType', insideSections, one('Basic|None'), 'How a user shows who they are.', setAuthType),
    honoured(
      'AuthName',
      insideSections,
      one('realm'),
      'What the user is asked to log in to.',
      (here, realm) => {
        here.section.settings.authName = realm;
      },
    ),
    honouredSection(
      '<AuthnProviderAlias',
      mainServerOnly,
      'provider name',
      'A provider under a name of its own, with settings of its own, for AuthBasicProvider.',
      defineAlias,
    ),
  ]),
  ...inModule('auth_basic', [
    honoured(
      'AuthBasicProvider',
      insideSections,
      list('file|wsgi|alias …'),
      'Who knows the passwords, in the order of asking.',
      setProviders,
      'file',
    ),
    honoured(
      'AuthBasicAuthoritative',
      insideSections,
      flag,
      'Whether an unknown user is refused when no provider is left.',
      (here, on) => {
        here.section.settings.authBasicAuthoritative = on;
      },
      'On',
    ),
  ]),
  ...inModule('authn_file', [
    honoured(
      'AuthUserFile',
      insideSections,
      one('file'),
      'A password file, as htpasswd writes it.',
      (here, path) => {
        here.section.settings.authUserFile = findFile(here, 'passwords', path);
      },
    ),
  ]),
  ...inModule('authz_groupfile', [
    // httpd's old second argument "standard" is still taken.
    honoured(
      'AuthGroupFile',
      insideSections,
      oneOrTwo('file'),
      'Which users are in which group.',
      (here, path, kind) => {
        if (kind !== undefined && kind.toLowerCase() !== 'standard')
          here.fail('takes one argument: file', { kind: 'argument-count' });
        else here.section.settings.authGroupFile = findFile(here, 'groups', path);
      },
    ),
  ]),
];

/** A file that is not there yet is asked for again with every request. */
function findFile(here: Here, use: FileReference['use'], text: string): string {
  const path = resolvePath(here, text);
  noteFile(here, use, path);
  if (!statPath(path)?.isFile())
    here.warn(`there is no file ${path}: until there is one, nobody can log in here`, {
      kind: 'missing-file',
    });
  return path;
}

function setAuthType(here: Here, text: string): void {
  const type = text.toLowerCase();
  if (missingTypes.includes(type))
    here.fail(`expected Basic or None: ${text} is not supported yet`, { kind: 'argument-refused' });
  else if (type === 'basic' || type === 'none') here.section.settings.authType = type;
  else {
    here.warn(
      `expected Basic or None: '${text}' is unknown, so every request that has to authenticate will fail`,
    );
    here.section.settings.authType = text;
  }
}

function setProviders(here: Here, names: readonly string[]): void {
  const { settings } = here.section;
  const aliases = new Map(settings.authnAliases);
  for (const name of names) {
    const alias = here.draft.authnAliases.get(name);
    if (alias !== undefined) aliases.set(name, alias);
    else if (!providers.includes(name)) reportUnknownProvider(here, name);
    const { provider = name, settings: own = undefined } = alias ?? {};
    if (provider === 'wsgi' && own?.authUserScript === undefined)
      here.draft.wsgiProviders.push({ place: here.place, serverId: here.server.id });
  }
  // Several lines of one section add up.
  settings.authBasicProviders = [...(settings.authBasicProviders ?? []), ...names];
  if (aliases.size > 0) settings.authnAliases = aliases;
}

function reportUnknownProvider(here: Here, name: string): void {
  if (missingProviders.includes(name))
    here.fail(`expected file or wsgi: the provider '${name}' is not supported yet`, {
      kind: 'argument-refused',
    });
  else
    here.fail(`expected file or wsgi: there is no provider '${name}'`, {
      suggestion: findNearest(name, [...providers, ...here.draft.authnAliases.keys()]),
    });
}

/** Of modhost's own providers only: with an alias of an alias httpd dies. */
function defineAlias(here: Here, text: string, walk: (scope: Scope) => void): void {
  const section = createSectionDraft();
  walk({ ...here, section, enclosing: ['location'], only: ['AuthUserFile', 'WSGIAuthUserScript'] });
  const { authnAliases } = here.draft;
  const [base = '', name = '', ...more] = splitWords(text);
  if (name === '' || more.length > 0)
    here.fail('takes two arguments: provider name', { kind: 'argument-count' });
  else if (!providers.includes(base)) here.fail(`expected file or wsgi, not '${base}'`);
  else if ([...providers, ...missingProviders].includes(name) || authnAliases.has(name))
    here.fail(`there is a provider '${name}' already`, { kind: 'declared-twice' });
  else {
    const { authUserFile, authUserScript } = section.settings;
    const own = {
      ...(authUserFile === undefined ? {} : { authUserFile }),
      ...(authUserScript === undefined ? {} : { authUserScript }),
    };
    authnAliases.set(name, { provider: base, settings: own });
  }
}
