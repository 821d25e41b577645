/** Which language a script file is written in. */
export type Runtime = 'python' | 'node';

/**
 * By its extension; a file with any other extension, or none, is Python as it is for mod_wsgi, unless its first line names
 * node. `scriptFile` is a byte string.
 */
export function runtimeOf(scriptFile: string, firstLine = ''): Runtime {
  const extension = /\.([^./]+)$/.exec(scriptFile)?.[1]?.toLowerCase();
  if (extension !== undefined && nodeExtensions.has(extension)) return 'node';
  if (extension !== undefined && pythonExtensions.has(extension)) return 'python';
  return /^#!.*[/\s]node(?:js)?(?![/\w.-])/.test(firstLine) ? 'node' : 'python';
}

const nodeExtensions: ReadonlySet<string> = new Set(['js', 'mjs', 'cjs', 'ts', 'mts', 'cts']);
const pythonExtensions: ReadonlySet<string> = new Set(['py', 'wsgi']);
