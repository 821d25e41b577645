import { setFlagsFromString } from 'node:v8';

/**
 * Lets no path keep a process busy with a pattern of the site file: `^(.*)/(.*)/(.*)\.html$` takes days for a path of some
 * thousand slashes, where httpd's PCRE gives up. From now on, a pattern that backtracks too often goes on in V8's linear-time
 * matcher, with the same result. Those with lookarounds, backreferences or counts cannot: see
 * `bounded-exec.ts`. To be called before the first one is made.
 */
export function boundMatching(): void {
  setFlagsFromString('--enable-experimental-regexp-engine-on-excessive-backtracks');
}
