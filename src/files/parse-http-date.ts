/**
 * RFC 9110 section 5.6.7: the three forms of a date → milliseconds since the epoch; undefined if it is none. What
 * follows the date is ignored (old clients append `; length=…`). `Date.parse` would take far more for a date.
 */
export function parseHttpDate(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const fixed = /^\s*[A-Za-z]{3}, (\d\d) ([A-Za-z]{3}) (\d{4}) (\d\d):(\d\d):(\d\d) GMT/.exec(text);
  if (fixed) return toTime(fixed[3], fixed[2], fixed[1], fixed[4], fixed[5], fixed[6]);
  const rfc850 = /^\s*[A-Za-z]{6,9}, (\d\d)-([A-Za-z]{3})-(\d\d) (\d\d):(\d\d):(\d\d) GMT/.exec(text);
  if (rfc850) return toTime(fullYear(rfc850[3]), rfc850[2], rfc850[1], rfc850[4], rfc850[5], rfc850[6]);
  const asctime = /^\s*[A-Za-z]{3} ([A-Za-z]{3}) ([ \d]\d) (\d\d):(\d\d):(\d\d) (\d{4})/.exec(text);
  if (asctime) return toTime(asctime[6], asctime[1], asctime[2], asctime[3], asctime[4], asctime[5]);
  return undefined;
}

/** Two digits that would lie more than fifty years ahead mean the past. */
function fullYear(twoDigits = ''): string {
  const thisYear = new Date().getUTCFullYear();
  const year = thisYear - (thisYear % 100) + Number(twoDigits);
  return String(year > thisYear + 50 ? year - 100 : year);
}

const months = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];

function toTime(year = '', month = '', ...rest: (string | undefined)[]): number | undefined {
  const [day = 0, hour = 0, minute = 0, second = 0] = rest.map(Number);
  const monthIndex = months.indexOf(month.toLowerCase());
  if (monthIndex < 0 || day < 1 || day > 31 || hour > 23 || minute > 59 || second > 60) return undefined;
  return Date.UTC(Number(year), monthIndex, day, hour, minute, second);
}
