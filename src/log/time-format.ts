import type { AccessRecord } from './access-record.js';
import {
  formatCommonLogTime,
  formatZoneOffset,
  shortMonths,
  shortWeekdays,
  twoDigits,
} from './clock-text.js';

/** The text between the braces of `%{…}t` → the time of a request, by its beginning or (`end:`) its end. */
export function compileTimeFormat(argument: string): (record: AccessRecord) => string {
  const [, moment, format = ''] = /^(?:(begin|end):)?(.*)$/s.exec(argument) ?? [];
  const write = compileMomentFormat(format);
  return moment === 'end'
    ? (record) => write(record.startedAt + record.durationUs / 1000)
    : (record) => write(record.startedAt);
}

/** Undefined, or a sentence about the first conversion that is not known. */
export function findTimeFormatProblem(argument: string): string | undefined {
  for (const [written, letter = ''] of argument.matchAll(/%(.?)/gsu))
    if (letter !== '%' && !conversions[letter]) return `'${written}' is not a known part of a time format`;
  return undefined;
}

function compileMomentFormat(format: string): (epochMs: number) => string {
  if (format === '') return (epochMs) => `[${formatCommonLogTime(epochMs)}]`;
  const counter = counters.get(format);
  return counter ?? ((epochMs) => formatTime(format, new Date(epochMs)));
}

const counters: ReadonlyMap<string, (epochMs: number) => string> = new Map([
  ['sec', (epochMs: number) => String(Math.floor(epochMs / 1000))],
  ['msec', (epochMs: number) => String(Math.floor(epochMs))],
  ['usec', (epochMs: number) => String(Math.floor(epochMs * 1000))],
  ['msec_frac', (epochMs: number) => String(Math.floor(epochMs) % 1000).padStart(3, '0')],
  ['usec_frac', (epochMs: number) => String(Math.floor(epochMs * 1000) % 1_000_000).padStart(6, '0')],
]);

/** strftime in the C locale. */
function formatTime(format: string, time: Date): string {
  return format.replace(/%(.)/gsu, (_, letter: string) =>
    letter === '%' ? '%' : (conversions[letter]?.(time) ?? ''),
  );
}

const conversions: Readonly<Record<string, (time: Date) => string>> = {
  a: (time) => shortWeekdays[time.getDay()] ?? '',
  A: (time) => longWeekdays[time.getDay()] ?? '',
  b: (time) => shortMonths[time.getMonth()] ?? '',
  B: (time) => longMonths[time.getMonth()] ?? '',
  c: (time) => formatTime('%a %b %e %H:%M:%S %Y', time),
  C: (time) => twoDigits(Math.floor(time.getFullYear() / 100)),
  d: (time) => twoDigits(time.getDate()),
  D: (time) => formatTime('%m/%d/%y', time),
  e: (time) => String(time.getDate()).padStart(2),
  F: (time) => formatTime('%Y-%m-%d', time),
  g: (time) => twoDigits(isoWeek(time).year % 100),
  G: (time) => String(isoWeek(time).year),
  h: (time) => shortMonths[time.getMonth()] ?? '',
  H: (time) => twoDigits(time.getHours()),
  I: (time) => twoDigits(time.getHours() % 12 || 12),
  j: (time) => String(dayOfYear(time) + 1).padStart(3, '0'),
  k: (time) => String(time.getHours()).padStart(2),
  l: (time) => String(time.getHours() % 12 || 12).padStart(2),
  m: (time) => twoDigits(time.getMonth() + 1),
  M: (time) => twoDigits(time.getMinutes()),
  n: () => '\n',
  p: (time) => (time.getHours() < 12 ? 'AM' : 'PM'),
  P: (time) => (time.getHours() < 12 ? 'am' : 'pm'),
  r: (time) => formatTime('%I:%M:%S %p', time),
  R: (time) => formatTime('%H:%M', time),
  s: (time) => String(Math.floor(time.getTime() / 1000)),
  S: (time) => twoDigits(time.getSeconds()),
  t: () => '\t',
  T: (time) => formatTime('%H:%M:%S', time),
  u: (time) => String(time.getDay() || 7),
  U: (time) => twoDigits(Math.floor((dayOfYear(time) + 7 - time.getDay()) / 7)),
  V: (time) => twoDigits(isoWeek(time).week),
  w: (time) => String(time.getDay()),
  W: (time) => twoDigits(Math.floor((dayOfYear(time) + 7 - ((time.getDay() + 6) % 7)) / 7)),
  x: (time) => formatTime('%m/%d/%y', time),
  X: (time) => formatTime('%H:%M:%S', time),
  y: (time) => twoDigits(time.getFullYear() % 100),
  Y: (time) => String(time.getFullYear()),
  z: formatZoneOffset,
  Z: zoneName,
};

const longWeekdays = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'];
const longMonths = [
  'January',
  'February',
  'March',
  'April',
  'May',
  'June',
  'July',
  'August',
  'September',
  'October',
  'November',
  'December',
];

/** From 0. */
function dayOfYear(time: Date): number {
  const midnight = Date.UTC(time.getFullYear(), time.getMonth(), time.getDate());
  return Math.round((midnight - Date.UTC(time.getFullYear(), 0, 1)) / 86_400_000);
}

/** ISO 8601: the week belongs to the year in which its Thursday lies. */
function isoWeek(time: Date): { year: number; week: number } {
  const daysFromMonday = (time.getDay() + 6) % 7;
  const thursday = new Date(
    Date.UTC(time.getFullYear(), time.getMonth(), time.getDate() - daysFromMonday + 3),
  );
  const year = thursday.getUTCFullYear();
  return { year, week: 1 + Math.floor((thursday.getTime() - Date.UTC(year, 0, 1)) / (7 * 86_400_000)) };
}

function zoneName(time: Date): string {
  const parts = new Intl.DateTimeFormat('en-US', { timeZoneName: 'short' }).formatToParts(time);
  return parts.find(({ type }) => type === 'timeZoneName')?.value ?? '';
}
