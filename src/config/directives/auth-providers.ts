import { createSectionDraft, type Here, type Scope } from '../draft.js';
import { growList } from '../grow-setting.js';
import type { DirectorySettings, ProviderSettings } from '../model.js';
import { findNearest } from '../nearest-name.js';
import { listWords } from '../values.js';
import { splitWords } from '../words.js';

type ProviderList = 'authBasicProviders' | 'authDigestProviders';

/** Providers that check a name and a password, and those that know what Digest needs. */
const providers = {
  authBasicProviders: ['file', 'wsgi', 'anon'],
  authDigestProviders: ['file', 'wsgi'],
} as const satisfies Record<ProviderList, readonly string[]>;
/** Knows whom one of the others has let in lately. */
const cache = 'socache';
const allProviders: readonly string[] = providers.authBasicProviders;

const askApplication =
  'let the application that knows these users answer: provider wsgi with WSGIAuthUserScript';
/** Apache's others: known, so that the message can say what to do. */
const missingProviders: ReadonlyMap<string, string> = new Map([
  ['dbd', askApplication],
  ['dbm', 'write the users into a file with htpasswd: provider file'],
  ['fcgi', askApplication],
  ['ldap', askApplication],
  [cache, 'it keeps who has logged in with Basic: leave it out'],
]);

/** AuthBasicProvider, AuthDigestProvider: several lines of one section add up. */
export function addProviders(here: Here, list: ProviderList, names: readonly string[]): void {
  const { settings } = here.section;
  const aliases = new Map(settings.authnAliases);
  for (const name of names) {
    if (name === cache && list === 'authBasicProviders') continue;
    const alias = here.draft.authnAliases.get(name);
    if (alias !== undefined) aliases.set(name, alias);
    const { provider = name, settings: own = undefined } = alias ?? {};
    if (!allProviders.includes(provider)) reportUnknownProvider(here, list, name);
    else if (list === 'authDigestProviders' && provider === 'anon')
      here.fail("the provider 'anon' cannot be used with Digest: it knows no passwords", {
        kind: 'argument-refused',
      });
    if (provider === 'wsgi' && own?.authUserScript === undefined)
      here.draft.wsgiProviders.push({
        place: here.place,
        directive: here.directive,
        serverId: here.server.id,
      });
  }
  settings[list] = growList(here, list, settings[list], names);
  if (aliases.size > 0) settings.authnAliases = aliases;
}

function reportUnknownProvider(here: Here, list: ProviderList, name: string): void {
  const expected = `expected ${listWords(providers[list])}`;
  const instead = missingProviders.get(name);
  if (instead !== undefined && name !== cache)
    // Whoever is not known to a provider before it is answered with 500 when it would be asked.
    here.warn(
      `the provider '${name}' is not supported: a login that it would have to check is answered with 500; ${instead}`,
      { kind: 'fails-for-all', at: { word: name } },
    );
  else if (instead !== undefined)
    here.fail(`${expected}: the provider '${name}' is not supported; ${instead}`, {
      kind: 'argument-refused',
    });
  else
    here.fail(`${expected}: there is no provider '${name}'`, {
      suggestion: findNearest(name, [...providers[list], ...here.draft.authnAliases.keys()]),
    });
}

/** Directives that may stand in <AuthnProviderAlias>, and where they leave what they say. */
const ownDirectives: readonly string[] = [
  'AuthUserFile',
  'WSGIAuthUserScript',
  'Anonymous',
  'Anonymous_LogEmail',
  'Anonymous_MustGiveEmail',
  'Anonymous_NoUserID',
  'Anonymous_VerifyEmail',
];

/** <AuthnProviderAlias>. Of modhost's own providers only: with an alias of an alias httpd dies. */
export function defineProviderAlias(here: Here, text: string, walk: (scope: Scope) => void): void {
  const section = createSectionDraft();
  walk({ ...here, section, enclosing: ['location'], only: ownDirectives });
  const { authnAliases } = here.draft;
  const [base = '', name = '', ...more] = splitWords(text);
  if (name === '' || more.length > 0)
    here.fail('takes two arguments: provider name', { kind: 'argument-count' });
  else if (!allProviders.includes(base)) here.fail(`expected ${listWords(allProviders)}, not '${base}'`);
  else if (allProviders.includes(name) || missingProviders.has(name) || authnAliases.has(name))
    here.fail(`there is a provider '${name}' already`, { kind: 'declared-twice' });
  else authnAliases.set(name, { provider: base, settings: providerSettingsOf(section.settings) });
}

/** Only members that are there: what is absent must not hide what a section says. */
function providerSettingsOf(settings: DirectorySettings): ProviderSettings {
  const {
    authUserFile,
    authUserScript,
    anonymousUsers,
    anonymousMustGiveEmail,
    anonymousVerifyEmail,
    anonymousLogEmail,
    anonymousNeedsNoUser,
  } = settings;
  const own = {
    authUserFile,
    authUserScript,
    anonymousUsers,
    anonymousMustGiveEmail,
    anonymousVerifyEmail,
    anonymousLogEmail,
    anonymousNeedsNoUser,
  };
  return Object.fromEntries(Object.entries(own).filter(([, value]) => value !== undefined));
}
