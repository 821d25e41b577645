import { type CleanedTarget, cleanPath, hostOfTarget, type PathRefusal } from '../http/index.js';

/** What of a request a digest is about, as sent. Byte strings. */
export interface SentTarget {
  readonly target: string;
  /** Of the target, else the Host header. */
  readonly host: string | undefined;
}

/**
 * Whether the `uri` of a digest names what was asked for: the same text, or another way of writing it, since proxies may have
 * changed escapes and the form of the target. The query has to be the same to the letter.
 */
export function namesTarget(uri: string, { target, host }: SentTarget): boolean {
  if (uri === target) return true;
  const [signed, asked] = [clean(uri), clean(target)];
  if (signed.kind !== 'path' || asked.kind !== 'path') return false;
  const signedHost = hostOfTarget(uri);
  if (signedHost !== undefined && signedHost.toLowerCase() !== host?.toLowerCase()) return false;
  return (
    signed.path === asked.path &&
    // One path to the server, but not to the application or server that gets it as it was sent.
    signed.rawPath.startsWith('//') === asked.rawPath.startsWith('//') &&
    signed.query === asked.query &&
    uri.includes('?') === target.includes('?')
  );
}

/** As little is changed as can be: escaped slashes and empty segments make another path. */
function clean(target: string): CleanedTarget | PathRefusal {
  return cleanPath(target, { mergeSlashes: false, allowEncodedSlashes: 'nodecode' });
}
