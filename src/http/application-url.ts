import { decodePercent, decodePercentButSlash, encodeByte, encodePath } from './percent-encoding.js';

export interface ApplicationUrlOptions {
  /** `rawPath`, `path` and `query` of CleanedTarget. */
  readonly rawPath: string;
  readonly path: string;
  readonly query: string;
  readonly scriptName: string;
  readonly pathInfo: string;
}

/**
 * The URL that a JavaScript application sees below its mount: `/`, path, `?query`. The client's own spelling is kept where
 * it means exactly the path that was decided on; otherwise that path is encoded anew, so that nothing the application
 * decodes, merges or resolves leads past a decision.
 */
export function applicationUrl(options: ApplicationUrlOptions): string {
  const path = rawPathInfo(options) ?? encodePath(options.pathInfo);
  const url = path.startsWith('/') ? path : `/${path}`;
  return options.query === '' ? url : `${url}?${encodeForeign(options.query)}`;
}

function rawPathInfo({ rawPath, path, scriptName, pathInfo }: ApplicationUrlOptions): string | undefined {
  if (path !== scriptName + pathInfo) return undefined;
  // A % in the script name is a decoded one: its place in the raw path is unknown.
  if (scriptName.includes('%') || !rawPath.startsWith(scriptName)) return undefined;
  const rest = rawPath.slice(scriptName.length);
  // The second comparison is AllowEncodedSlashes NoDecode, where the decided path itself holds %2F.
  if (decodePercent(rest) !== pathInfo && decodePercentButSlash(rest) !== pathInfo) return undefined;
  const url = encodeForeign(rest);
  return url.includes('\\') ? url.replaceAll('\\', '%5C') : url;
}

/** Bytes that no URL holds, which a URL parser would take for characters. A backslash it would even take for a slash. */
function encodeForeign(text: string): string {
  return /[^\x21-\x7e]/.test(text) ? text.replace(/[^\x21-\x7e]/g, encodeByte) : text;
}
