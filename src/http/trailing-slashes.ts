/** Without the slashes at its end. Takes as long as there are slashes there: see `trimBlanks`. */
export function dropTrailingSlashes(path: string): string {
  let end = path.length;
  while (end > 0 && path[end - 1] === '/') end -= 1;
  return path.slice(0, end);
}
