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
import type { Here } from '../draft.js';
import { takeText } from '../expression.js';
import { type FileReference, noteFile } from '../file-references.js';
import { statPath } from '../stat-path.js';
import { chooseWord, resolvePath } from '../values.js';
import { addProviders, defineProviderAlias } from './auth-providers.js';

/** Who somebody is. */
export const auth: readonly Definition[] = [
  ...inModule('authn_core', [
    honoured(
      'AuthType',
      insideSections,
      one('Basic|Digest|None'),
      'How a user shows who they are.',
      setAuthType,
    ),
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
      'A provider under a name of its own, with settings of its own, for AuthBasicProvider and AuthDigestProvider.',
      defineProviderAlias,
    ),
  ]),
  ...inModule('auth_basic', [
    honoured(
      'AuthBasicProvider',
      insideSections,
      list('file|wsgi|anon|socache|alias …'),
      'Who knows the passwords, in the order of asking.',
      (here, names) => addProviders(here, 'authBasicProviders', names),
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
    honoured(
      'AuthBasicFake',
      insideSections,
      oneOrTwo('off|user [password]'),
      'The name and the password that applications and other servers get in place of those of the client; both may be expressions.',
      fakeCredentials,
      'off',
    ),
    honoured(
      'AuthBasicUseDigestAlgorithm',
      insideSections,
      one('MD5|Off'),
      'Whether names and passwords are checked against what is stored for AuthType Digest.',
      (here, text) => {
        const word = chooseWord(here, text, ['md5', 'off']);
        if (word !== undefined) here.section.settings.authBasicUsesDigest = word === 'md5';
      },
      'Off',
    ),
  ]),
  ...inModule('authn_file', [
    honoured(
      'AuthUserFile',
      insideSections,
      one('file'),
      'A password file, as htpasswd (for Digest: htdigest) writes it.',
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
  if (type === 'basic' || type === 'digest' || type === 'none') here.section.settings.authType = type;
  else if (type === 'form')
    here.fail(
      `expected Basic, Digest or None: ${text} is not supported. Let the application show its own login page, or ask it with AuthType Basic and AuthBasicProvider wsgi`,
      { kind: 'argument-refused', at: { word: text } },
    );
  else {
    here.warn(
      `expected Basic, Digest or None: '${text}' is unknown, so every request that has to authenticate will fail`,
      { kind: 'fails-for-all', at: { word: text } },
    );
    here.section.settings.authType = text;
  }
}

function fakeCredentials(here: Here, name: string, secret = 'password'): void {
  const { settings } = here.section;
  if (name.toLowerCase() === 'off') {
    settings.authBasicFake = 'off';
    return;
  }
  const user = takeText(here, name);
  const password = takeText(here, secret);
  if (user !== undefined && password !== undefined) settings.authBasicFake = { user, password };
}
