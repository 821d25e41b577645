import { parseHost } from './host.js';
import {
  decodePercent,
  decodePercentButSlash,
  decodeUnreserved,
  isPercentEncoded,
} from './percent-encoding.js';

/** What a request target names. Byte strings. */
export interface CleanedTarget {
  readonly kind: 'path';
  /** Decoded, without `.` and `..` segments, slashes merged if wanted; starts with one `/`, or is `*`. */
  readonly path: string;
  /** The path as it was sent; `/` if the target has none. */
  readonly rawPath: string;
  /** As it was sent, without `?`; '' if there is none. */
  readonly query: string;
  /** host[:port] of a target in absolute-form; it takes the place of the Host header. */
  readonly host?: string;
}

export interface PathRefusal {
  readonly kind: 'refusal';
  readonly status: 400 | 404;
  readonly reason: string;
}

export interface CleanPathOptions {
  /** MergeSlashes */
  readonly mergeSlashes: boolean;
  /** AllowEncodedSlashes */
  readonly allowEncodedSlashes: 'off' | 'on' | 'nodecode';
}

/**
 * Request target → path, once and for all: nothing behind this function decodes or removes dots again. Takes origin-form,
 * absolute-form and `*` (which the caller accepts for OPTIONS only); RFC 9112 section 3.2, in Apache's order of steps.
 */
export function cleanPath(target: string, options: CleanPathOptions): CleanedTarget | PathRefusal {
  if (holdsForbiddenCharacter(target)) return refuse(400, 'the request target holds a forbidden character');
  if (target === '*') return { kind: 'path', path: '*', rawPath: '*', query: '' };
  const parts = splitTarget(target);
  if (parts.kind === 'refusal') return parts;
  const { rawPath, query, host } = parts;

  const decoded = decodePath(mergeLeadingSlashes(rawPath), options);
  if (typeof decoded !== 'string') return decoded;
  // Once more: `/.//x` and `/%2Fx` have come to begin with two only now.
  const path = mergeLeadingSlashes(decoded);
  return host === undefined
    ? { kind: 'path', path, rawPath, query }
    : { kind: 'path', path, rawPath, query, host };
}

/** host[:port] of a target in absolute-form, unchecked: it takes the place of the Host header. Undefined: the target has none. */
export function hostOfTarget(target: string): string | undefined {
  // Nearly every target is a path.
  return target.charCodeAt(0) === 0x2f ? undefined : absoluteForm.exec(target)?.[1];
}

/** Runs of `/` as one. */
export function mergeSlashes(path: string): string {
  return path.includes('//') ? path.replace(/\/{2,}/g, '/') : path;
}

/** With MergeSlashes Off too: `//admin` must not get past `<LocationMatch ^/admin>`. */
function mergeLeadingSlashes(path: string): string {
  return path.startsWith('//') ? path.replace(/^\/+/, '/') : path;
}

/** Blanks, control characters, DEL, a fragment, or what is no byte. */
function holdsForbiddenCharacter(target: string): boolean {
  for (let at = 0; at < target.length; at += 1) {
    const code = target.charCodeAt(at);
    if (code <= 0x20 || code === 0x7f || code > 0xff || code === 0x23) return true;
  }
  return false;
}

interface TargetParts {
  readonly kind: 'parts';
  readonly rawPath: string;
  readonly query: string;
  readonly host?: string;
}

function splitTarget(target: string): TargetParts | PathRefusal {
  const first = target.charCodeAt(0);
  if (first === 0x2f || first === 0x3f) return splitQuery(target);

  const absolute = absoluteForm.exec(target);
  const host = absolute?.[1];
  if (absolute === null || host === undefined)
    return refuse(400, 'the request target is neither a path nor a URL');
  if (parseHost(host) === undefined) return refuse(400, 'the request target names no valid host');
  return { ...splitQuery(target.slice(absolute[0].length)), host };
}

const absoluteForm = /^https?:\/\/([^/?]*)/i;

function splitQuery(pathAndQuery: string): TargetParts {
  const mark = pathAndQuery.indexOf('?');
  if (mark === -1) return { kind: 'parts', rawPath: pathAndQuery || '/', query: '' };
  return {
    kind: 'parts',
    rawPath: pathAndQuery.slice(0, mark) || '/',
    query: pathAndQuery.slice(mark + 1),
  };
}

function decodePath(rawPath: string, options: CleanPathOptions): string | PathRefusal {
  if (!rawPath.includes('%')) return removeDots(rawPath, options.mergeSlashes) ?? aboveRoot();
  if (!isPercentEncoded(rawPath))
    return refuse(400, 'a % in the path is not followed by two hexadecimal digits');

  // Dots first, while an encoded slash still belongs to its segment.
  const normalised = removeDots(decodeUnreserved(rawPath), options.mergeSlashes);
  if (normalised === undefined) return aboveRoot();
  if (normalised.includes('%00')) return refuse(404, 'the path holds an encoded NUL');
  if (!/%2f/i.test(normalised)) return decodePercent(normalised);

  switch (options.allowEncodedSlashes) {
    case 'off':
      return refuse(404, 'the path holds an encoded slash, which AllowEncodedSlashes does not allow');
    case 'nodecode':
      return decodePercentButSlash(normalised);
    case 'on':
      return removeDots(decodePercent(normalised), options.mergeSlashes) ?? aboveRoot();
  }
}

/** RFC 3986 section 5.2.4, but a `..` above the root is undefined instead of being dropped. */
function removeDots(path: string, merge: boolean): string | undefined {
  if (!path.includes('/.') && !(merge && path.includes('//'))) return path;
  const segments = path.split('/');
  const last = segments.length - 1;
  const kept: string[] = [];
  for (let at = 1; at <= last; at += 1) {
    const segment = segments[at] as string;
    if (segment === '..') {
      if (kept.length === 0) return undefined;
      kept.pop();
    } else if (segment !== '.' && (segment !== '' || !merge)) {
      kept.push(segment);
      continue;
    } else if (segment === '' && at < last) continue;
    // What ends in a dot segment or a slash names a directory.
    if (at === last) kept.push('');
  }
  return `/${kept.join('/')}`;
}

function aboveRoot(): PathRefusal {
  return refuse(400, 'the path climbs above the root');
}

function refuse(status: 400 | 404, reason: string): PathRefusal {
  return { kind: 'refusal', status, reason };
}
