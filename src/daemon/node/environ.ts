import type { IncomingRequest, Pairs } from '../../wire/index.js';
import { makeRecord } from './make-record.js';

/** CGI and mod_wsgi keys with their values: byte strings, as everything that comes from a request. */
export type Environ = Record<string, string>;

/** What {@link RequestFacts} says in another way. */
const notOfEnviron: ReadonlySet<string> = new Set(['modhost.url', 'HTTPS']);

/** Of a REQUEST: what says what it is, and all of its environ. */
export type ToldPairs = Pick<IncomingRequest, 'words' | 'environ'>;

/** What the environ of a REQUEST says: the scheme takes the place of HTTPS (mod_wsgi.md §4.1), the URL leaves it. */
export class RequestFacts {
  readonly method: string;
  readonly urlScheme: 'http' | 'https';
  /** Path below the mount point and query; starts with `/` or is `*`. */
  readonly url: string;
  /** As sent. */
  readonly originalUrl: string;
  /** The mount point. */
  readonly scriptName: string;
  readonly protocol: string;
  readonly #told: ToldPairs;
  #environ: Environ | undefined;

  constructor(told: ToldPairs) {
    const { method, scriptName, protocol, https, uri, url } = told.words;
    this.#told = told;
    this.method = method;
    this.urlScheme = https !== '' && /^(?:on|1)$/i.test(https) ? 'https' : 'http';
    const own = url ?? deriveUrl(this.environ);
    this.url = own.startsWith('/') || own === '*' ? own : `/${own}`;
    this.originalUrl = uri ?? this.url;
    this.scriptName = scriptName;
    this.protocol = protocol;
  }

  /** The same object each time, made when it is first asked for. */
  get environ(): Environ {
    this.#environ ??= makeRecord(this.#told.environ, notOfEnviron);
    return this.#environ;
  }

  /** Another one, with a prototype of its own. */
  createEnviron(prototype: object): Environ {
    return makeRecord(this.#told.environ, notOfEnviron, prototype);
  }
}

/** Adds `HTTP_*` for the headers as a CGI program would see them. */
export function addHttpKeys(environ: Environ, headers: Pairs): void {
  for (let at = 0; at + 1 < headers.length; at += 2) {
    const name = headers[at] as string;
    const value = headers[at + 1] as string;
    // Other names could pass for one another once they are keys: `X_Y` for `X-Y`.
    if (!/^[A-Za-z0-9-]+$/.test(name)) continue;
    const upper = name.toUpperCase().replaceAll('-', '_');
    if (upper === 'CONTENT_TYPE' || upper === 'CONTENT_LENGTH') environ[upper] ??= value;
    else if (upper !== 'PROXY') addValue(environ, `HTTP_${upper}`, value);
  }
}

function addValue(environ: Environ, key: string, value: string): void {
  const before = environ[key];
  if (before === undefined) environ[key] = value;
  else environ[key] = key === 'HTTP_COOKIE' ? `${before}; ${value}` : `${before}, ${value}`;
}

function deriveUrl(environ: Environ): string {
  const path = (environ.PATH_INFO ?? '').replace(/[^A-Za-z0-9\-._~!$&'()*+,;=:@/]/g, (character) => {
    return `%${character.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`;
  });
  const query = environ.QUERY_STRING ?? '';
  return path + (query === '' ? '' : `?${query}`);
}
