/** What holds for the longest of the URLs that a URL begins with, on top of what holds for the shorter ones. */
export function mergeByUrl<Value extends object>(
  known: Iterable<readonly [url: string, value: Value]>,
  url: string,
): Partial<Value> {
  const outer = [...known].filter(([candidate]) => isWithin(url, candidate));
  const inOrder = outer.sort(([a], [b]) => a.length - b.length).map(([, value]) => value);
  return Object.assign({}, ...inOrder);
}

/** `http://a:80` is not meant by `http://a:8`. */
function isWithin(url: string, outer: string): boolean {
  if (!url.startsWith(outer)) return false;
  return url.length === outer.length || outer.endsWith('/') || url[outer.length] === '/';
}
