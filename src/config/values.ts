import { isAbsolute, join } from 'node:path';
import type { Here } from './draft.js';
import { findNearest } from './nearest-name.js';

/** A whole number in decimal digits, within the limits; undefined for anything else. */
export function parseInteger(text: string, minimum = 0, maximum = 2 ** 31 - 1): number | undefined {
  if (!/^[+-]?\d{1,15}$/.test(text)) return undefined;
  const value = Number(text);
  return value >= minimum && value <= maximum ? value : undefined;
}

/** Seconds, or with a unit `ms`, `s`, `mi`, `h`: milliseconds. */
export function parseDuration(text: string): number | undefined {
  const match = /^(\d{1,9})(ms|s|mi|min|h)?$/i.exec(text);
  if (!match) return undefined;
  const unit = (match[2] ?? 's').toLowerCase();
  const factor = unit === 'ms' ? 1 : unit === 's' ? 1000 : unit === 'h' ? 3_600_000 : 60_000;
  const value = Number(match[1]) * factor;
  return value <= maximumTimerMs ? value : undefined;
}

/** The longest time that a timer of Node can wait. */
export const maximumTimerMs = 2 ** 31 - 1;

/** Absolute path of a path in the site file; a trailing slash stays, since aliases put text right behind it. */
export function resolvePath(here: Here, path: string): string {
  return isAbsolute(path) ? path : join(here.draft.serverRoot, path);
}

/** One of the words, compared without case, as its first spelling; otherwise reports what was expected. */
export function chooseWord<Word extends string>(
  here: Here,
  text: string,
  words: readonly Word[],
): Word | undefined {
  const found = words.find((word) => word.toLowerCase() === text.toLowerCase());
  if (found === undefined)
    here.fail(`expected ${listWords(words)}, not '${text}'`, { suggestion: findNearest(text, words) });
  return found;
}

/** `a, b or c`. */
export function listWords(words: readonly string[]): string {
  const last = words.at(-1) ?? '';
  return words.length < 2 ? last : `${words.slice(0, -1).join(', ')} or ${last}`;
}

/** A number that a directive takes; reports what was expected. */
export function takeInteger(
  here: Here,
  text: string,
  minimum = 0,
  maximum = 2 ** 31 - 1,
): number | undefined {
  const value = parseInteger(text, minimum, maximum);
  if (value === undefined) here.fail(`expected a whole number from ${minimum} to ${maximum}, not '${text}'`);
  return value;
}

/**
 * As takeInteger, for a number that httpd reads without looking: what is none is only warned of, and the default stays. Of the limits
 * that httpd would make of it (0, mostly) nobody means any.
 */
export function takeIntegerOrDefault(
  here: Here,
  text: string,
  minimum = 0,
  maximum = 2 ** 31 - 1,
): number | undefined {
  const value = parseInteger(text, minimum, maximum);
  if (value === undefined)
    here.warn(`expected a whole number from ${minimum} to ${maximum}, not '${text}': the default stays`);
  return value;
}

/** As takeDuration, for a time that httpd reads without looking. */
export function takeDurationOrDefault(here: Here, text: string): number | undefined {
  const value = parseDuration(text);
  if (value === undefined)
    here.warn(
      `expected a number of seconds (or with the unit ms, s, min, h), not '${text}': the default stays`,
    );
  return value;
}

/** A time that a directive takes, in milliseconds; reports what was expected. */
export function takeDuration(here: Here, text: string): number | undefined {
  const value = parseDuration(text);
  if (value === undefined)
    here.fail(`expected a number of seconds (or with the unit ms, s, min, h), not '${text}'`);
  return value;
}
