import { isScriptFile } from './find-file.js';
import type { Route } from './index.js';

/** As many paths are remembered per server; nobody can fill the memory with paths he invents. */
const mostPaths = 1_000;
const longestPath = 256;

interface Remembered {
  readonly route: Route;
  /** Milliseconds since the epoch. */
  readonly since: number;
  readonly forMs: number;
}

/**
 * Routes to scripts by path, where nothing else of a request has a say in them: no <If>, no rewriting, no links to be checked, no
 * .htaccess file that could say anything. Whether the script is still there is asked once in a second, as for every other route to it.
 */
export class ScriptRoutes {
  readonly #remembered = new Map<string, Remembered>();

  find(path: string): Route | undefined {
    const remembered = this.#remembered.get(path);
    if (remembered === undefined) return undefined;
    const { route, since, forMs } = remembered;
    const { mapping } = route;
    if (isWithin(since, forMs) && mapping.kind === 'script' && isScriptFile(mapping.scriptFile)) return route;
    this.#remembered.delete(path);
    return undefined;
  }

  /** `forMs` 0: not at all. */
  remember(path: string, route: Route, forMs: number): void {
    if (forMs === 0 || path.length > longestPath) return;
    if (this.#remembered.size === mostPaths) this.#remembered.clear();
    this.#remembered.set(path, { route, since: Date.now(), forMs });
  }
}

/** Not either when the clock was set back. */
function isWithin(since: number, forMs: number): boolean {
  if (forMs === Number.POSITIVE_INFINITY) return true;
  const age = Date.now() - since;
  return age >= 0 && age < forMs;
}
