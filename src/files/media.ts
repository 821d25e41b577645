import { addDefaultCharset, extensionsOf } from '../http/index.js';
import { widelyKnownType } from './known-types.js';

/** What one extension means; an empty text takes away what is known of it. */
export interface ExtensionMeaning {
  readonly type?: string;
  readonly encoding?: string;
  readonly language?: string;
  readonly charset?: string;
}

/** How the media type and its kin are found. Everything absent: by the widely known types. */
export interface MediaRules {
  /** By extension in lower case. */
  readonly extensions?: ReadonlyMap<string, ExtensionMeaning>;
  /** TypesConfig: takes the place of the widely known types. */
  readonly types?: ReadonlyMap<string, string>;
  /** 'none' counts as absent. */
  readonly forceType?: string;
  readonly defaultLanguage?: string;
  /** AddDefaultCharset; '' is Off. */
  readonly defaultCharset?: string;
}

/** Content-Type, Content-Encoding and Content-Language of a file, as a header list in Apache's order. */
export interface MediaHeaders {
  /** Absent if it is not known: there is no default type. */
  readonly type?: string;
  readonly others: readonly string[];
}

/**
 * Every extension counts: the last one that says something of the type or the character set decides, encodings and languages
 * add up. One that says nothing is passed over, so `page.html.en` and `page.html.old` are HTML.
 */
export function describeMedia(filename: string, rules: MediaRules): MediaHeaders {
  let type: string | undefined;
  let charset: string | undefined;
  const encodings: string[] = [];
  const languages: string[] = [];
  for (const extension of extensionsOf(filename)) {
    const said = rules.extensions?.get(extension);
    type = (said?.type ?? knownType(extension, rules)) || type;
    charset = said?.charset || charset;
    if (said?.encoding) encodings.push(said.encoding);
    if (said?.language) languages.push(said.language);
  }
  if (languages.length === 0 && rules.defaultLanguage !== undefined) languages.push(rules.defaultLanguage);

  const isForced = rules.forceType !== undefined && rules.forceType !== 'none';
  const found = isForced ? rules.forceType : withCharset(type, charset);
  const final = found === undefined ? undefined : addDefaultCharset(found, rules.defaultCharset ?? '');
  return {
    ...(final === undefined ? {} : { type: final }),
    others: [
      ...(encodings.length > 0 ? ['Content-Encoding', encodings.join(', ')] : []),
      ...(languages.length > 0 ? ['Content-Language', languages.join(',')] : []),
    ],
  };
}

function knownType(extension: string, { types }: MediaRules): string | undefined {
  return types === undefined ? widelyKnownType(extension) : types.get(extension);
}

function withCharset(type: string | undefined, charset: string | undefined): string | undefined {
  if (type === undefined || charset === undefined || /;\s*charset\s*=/i.test(type)) return type;
  return `${type}; charset=${charset}`;
}
