import type { DirectorySettings, MethodLimit, Requirement } from '../config/model.js';
import { addHosts } from './describe-hosts.js';
import { formatRange } from './format-range.js';

/**
 * Who may enter where these (merged) settings hold, in a few words: `everyone`, `valid users of conf/htpasswd`.
 * `display` shortens a path. What can only end in an error says so, since a mount that answers 500 to everybody would
 * otherwise look protected.
 */
export function describeAccess(settings: DirectorySettings, display: (path: string) => string): string {
  const required = describeRequired(settings, display);
  return settings.hostAccess === undefined ? required : addHosts(settings.hostAccess, required);
}

/** Whom Require lets in. */
function describeRequired(settings: DirectorySettings, display: (path: string) => string): string {
  const { require, authType } = settings;
  const authenticates = authType !== undefined && authType.toLowerCase() !== 'none';
  if (!require) return authenticates ? 'nobody: AuthType without Require (500)' : 'everyone';
  const phrase = simplify(require, {
    user: describeUsers(settings, display),
    group: describeGroups(settings, display),
  });
  if (phrase.text === undefined) return phrase.kind === 'everyone' ? 'everyone' : 'denied';
  const missing = phrase.asksUser ? findMissingPiece(settings) : undefined;
  return missing ? `${phrase.text} (500: ${missing})` : phrase.text;
}

interface Sources {
  readonly user: string;
  readonly group: { readonly file: string; readonly script: string };
}

type Phrase =
  | { readonly kind: 'everyone' | 'denied'; readonly text?: undefined }
  | { readonly kind: 'words'; readonly text: string; readonly asksUser: boolean; readonly compound: boolean };

const everyone: Phrase = { kind: 'everyone' };
const denied: Phrase = { kind: 'denied' };

function simplify(requirement: Requirement, sources: Sources): Phrase {
  switch (requirement.kind) {
    case 'granted':
      return everyone;
    case 'denied':
      return denied;
    case 'valid-user':
      return words(`valid users of ${sources.user}`, true);
    case 'user':
      return words(`${listNames('user', requirement.names)} of ${sources.user}`, true);
    case 'group':
      return words(`${listNames('group', requirement.names)} of ${sources.group.file}`, true);
    case 'wsgi-group':
      return words(`${listNames('group', requirement.names)} of ${sources.group.script}`, true);
    case 'ip':
      return words(`from ${requirement.ranges.map(formatRange).join(', ')}`, false);
    case 'local':
      return words('from this machine', false);
    case 'ssl':
      return words('over TLS', false);
    case 'ssl-verify-client':
      return words('with a client certificate', false);
    case 'host':
      return words(`from ${requirement.names.join(', ')}`, false);
    case 'forward-dns':
      return words(`from the addresses of ${requirement.names.join(', ')}`, false);
    case 'env':
      return words(`with ${requirement.names.join(' or ')} set`, false);
    case 'method':
      return words(`by ${listNames('method', requirement.names)}`, false);
    case 'limited':
      return describeLimited(requirement.limit, simplify(requirement.requirement, sources));
    case 'expr':
      return words(`where ${requirement.text}`, requirement.asksUser);
    case 'not':
      return negate([simplify(requirement.requirement, sources)]);
    case 'none':
      return negate(requirement.requirements.map((inner) => simplify(inner, sources)));
    case 'any':
      return join(requirement.requirements, sources, 'or', everyone, denied);
    case 'every':
      return join(requirement.requirements, sources, 'and', denied, everyone);
  }
}

/** For other methods it is as if nothing were required, which these few words leave to the reader. */
function describeLimited({ except, methods }: MethodLimit, phrase: Phrase): Phrase {
  if (phrase.kind === 'everyone') return phrase;
  const by = `${except ? 'for all but' : 'for'} ${methods.join(', ')}`;
  if (phrase.text === undefined) return words(`nobody ${by}`, false);
  return words(`${phrase.text} ${by}`, phrase.asksUser, true);
}

function words(text: string, asksUser: boolean, compound = false): Phrase {
  return { kind: 'words', text, asksUser, compound };
}

/** `decisive` settles the whole; `neutral` changes nothing and is what remains of nothing. */
function join(
  requirements: readonly Requirement[],
  sources: Sources,
  word: 'and' | 'or',
  decisive: Phrase,
  neutral: Phrase,
): Phrase {
  const phrases = requirements.map((inner) => simplify(inner, sources));
  if (phrases.some((phrase) => phrase.kind === decisive.kind)) return decisive;
  const said = phrases.filter((phrase) => phrase.kind === 'words');
  const [first] = said;
  if (!first) return neutral;
  if (said.length === 1) return first;
  const text = said.map((phrase) => (phrase.compound ? `(${phrase.text})` : phrase.text)).join(` ${word} `);
  return words(
    text,
    said.some((phrase) => phrase.asksUser),
    true,
  );
}

function negate(phrases: readonly Phrase[]): Phrase {
  if (phrases.some((phrase) => phrase.kind === 'everyone')) return denied;
  const said = phrases.filter((phrase) => phrase.kind === 'words');
  if (said.length === 0) return everyone;
  const text = said
    .map((phrase) => (phrase.compound ? `not (${phrase.text})` : `not ${phrase.text}`))
    .join(' and ');
  return words(
    text,
    said.some((phrase) => phrase.asksUser),
    said.length > 1,
  );
}

function listNames(word: string, names: readonly string[]): string {
  return `${word}${names.length === 1 ? '' : 's'} ${names.map((name) => (/\s/.test(name) ? `"${name}"` : name)).join(', ')}`;
}

function describeUsers(settings: DirectorySettings, display: (path: string) => string): string {
  const providers = providersOf(settings);
  const sources = providers.map((name) => {
    const { provider, authUserFile, authUserScript } = settingsOf(name, settings);
    if (provider === 'file') return authUserFile && display(authUserFile);
    if (provider === 'wsgi') return authUserScript && display(authUserScript.file);
    return provider;
  });
  return sources.map((source, at) => source ?? `provider ${providers[at]}`).join(' or ');
}

function describeGroups(settings: DirectorySettings, display: (path: string) => string): Sources['group'] {
  const { authGroupFile, authGroupScript } = settings;
  return {
    file: authGroupFile === undefined ? 'no AuthGroupFile' : display(authGroupFile),
    script: authGroupScript === undefined ? 'no WSGIAuthGroupScript' : display(authGroupScript.file),
  };
}

/** What Apache answers 500 for as soon as it has to ask for a user. */
function findMissingPiece(settings: DirectorySettings): string | undefined {
  const { authType, authName } = settings;
  if (authType === undefined || authType.toLowerCase() === 'none') return 'no AuthType';
  if (!['basic', 'digest'].includes(authType.toLowerCase())) return `AuthType ${authType} is not known`;
  if (authName === undefined) return 'no AuthName';
  for (const name of providersOf(settings)) {
    const { provider, authUserFile, authUserScript } = settingsOf(name, settings);
    if (provider === 'file' && authUserFile === undefined) return 'no AuthUserFile';
    if (provider === 'wsgi' && authUserScript === undefined) return 'no WSGIAuthUserScript';
  }
  return undefined;
}

function providersOf({
  authType,
  authBasicProviders,
  authDigestProviders,
}: DirectorySettings): readonly string[] {
  return (authType?.toLowerCase() === 'digest' ? authDigestProviders : authBasicProviders) ?? ['file'];
}

/** A provider, which may be an alias, with the settings that it goes by. */
function settingsOf(name: string, settings: DirectorySettings): DirectorySettings & { provider: string } {
  const alias = settings.authnAliases?.get(name);
  return { ...settings, ...alias?.settings, provider: alias?.provider ?? name };
}

/** The same in one word: whether anybody, nobody or somebody may enter, or every request that gets this far fails. */
export type AccessJudgement =
  | { readonly kind: 'open' | 'closed' | 'restricted' }
  | { readonly kind: 'fails'; readonly why: string };

/** What `-t` has to know about the merged settings of a path. */
export function judgeAccess(settings: DirectorySettings): AccessJudgement {
  const words = describeAccess(settings, (path) => path);
  if (words === 'everyone') return { kind: 'open' };
  if (words === 'denied') return { kind: 'closed' };
  const required = describeRequired(settings, (path) => path);
  const why =
    /\(500: (.*)\)$/.exec(required)?.[1] ??
    (required.endsWith('(500)') ? 'AuthType without Require' : undefined);
  return why === undefined ? { kind: 'restricted' } : { kind: 'fails', why };
}
