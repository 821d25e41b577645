/**
 * SCRIPT_NAME: the path without PATH_INFO. Where a target of its own adds to PATH_INFO (a trailing slash, `$1` behind a
 * file), what both end with is taken off, up to a slash. `path` without empty segments.
 */
export function findScriptName(path: string, pathInfo: string): string {
  if (path.endsWith(pathInfo) && (pathInfo === '' || pathInfo.startsWith('/'))) {
    return path.slice(0, path.length - pathInfo.length);
  }
  let end = path.length;
  let left = pathInfo.length;
  while (end > 0 && left > 0 && path[end - 1] === pathInfo[left - 1]) {
    end -= 1;
    left -= 1;
  }
  const slash = path.indexOf('/', end);
  return slash === -1 ? path : path.slice(0, slash);
}
