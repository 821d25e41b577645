import type { HeaderList } from '../http/index.js';
import type { FileRequest } from './answer.js';
import { fieldValue } from './field-value.js';
import { parseHttpDate } from './parse-http-date.js';

/** What conditional requests compare with. */
export interface FileVersion {
  /** Absent: FileETag None. */
  readonly entityTag?: string;
  /** Milliseconds since the epoch, whole seconds. */
  readonly lastModified: number;
}

/**
 * RFC 9110 section 13, with Apache's two differences: If-Unmodified-Since counts beside If-Match too, and If-None-Match
 * together with If-Modified-Since gives 304 only when both say so. Both differences only ever send more than needed.
 */
export function checkPreconditions(
  request: FileRequest,
  version: FileVersion,
  nowMs: number,
): 'proceed' | 'not-modified' | 'failed' {
  const { headers } = request;
  const ifMatch = fieldValue(headers, 'if-match');
  if (ifMatch !== undefined && !listHolds(ifMatch, version.entityTag, isSameStrongly)) return 'failed';

  const unmodifiedSince = parseHttpDate(fieldValue(headers, 'if-unmodified-since'));
  if (unmodifiedSince !== undefined && version.lastModified > unmodifiedSince) return 'failed';

  const isRead = request.method === 'GET' || request.method === 'HEAD';
  const ifNoneMatch = fieldValue(headers, 'if-none-match');
  if (ifNoneMatch !== undefined && !isRead)
    return listHolds(ifNoneMatch, version.entityTag, isSameWeakly) ? 'failed' : 'proceed';
  if (!isRead) return 'proceed';

  const noneMatchSaysSame =
    ifNoneMatch === undefined ? undefined : listHolds(ifNoneMatch, version.entityTag, isSameWeakly);
  const modifiedSince = parseHttpDate(fieldValue(headers, 'if-modified-since'));
  const sinceSaysSame =
    modifiedSince === undefined || modifiedSince <= 0 || modifiedSince > nowMs
      ? undefined
      : version.lastModified <= modifiedSince;
  const verdicts = [noneMatchSaysSame, sinceSaysSame].filter((verdict) => verdict !== undefined);
  return verdicts.length > 0 && verdicts.every(Boolean) ? 'not-modified' : 'proceed';
}

/**
 * If-Range: may a range of the file as it is now be put together with what the client has? By a date only if it is a
 * minute old, since within one second a file can change twice.
 */
export function isIfRangeFresh(headers: HeaderList, version: FileVersion, nowMs: number): boolean {
  const ifRange = fieldValue(headers, 'if-range')?.trim();
  if (ifRange === undefined) return true;
  if (ifRange.startsWith('"') || ifRange.startsWith('W/'))
    return version.entityTag !== undefined && isSameStrongly(ifRange, version.entityTag);
  return parseHttpDate(ifRange) === version.lastModified && nowMs - version.lastModified >= 60_000;
}

function listHolds(
  list: string,
  tag: string | undefined,
  isSame: (a: string, b: string) => boolean,
): boolean {
  if (list.trim() === '*') return true;
  if (tag === undefined) return false;
  // A comma may stand inside a tag.
  return (list.match(/(?:W\/)?"[^"]*"/g) ?? []).some((listed) => isSame(listed, tag));
}

function isSameStrongly(a: string, b: string): boolean {
  return a === b && !a.startsWith('W/');
}

function isSameWeakly(a: string, b: string): boolean {
  return a.replace(/^W\//, '') === b.replace(/^W\//, '');
}
