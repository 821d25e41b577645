/** The variables that the clock answers, in local time as httpd does. */
const clockNames = {
  TIME: (time: Date) =>
    `${time.getFullYear()}${[time.getMonth() + 1, time.getDate(), time.getHours(), time.getMinutes(), time.getSeconds()].map(twoDigits).join('')}`,
  TIME_YEAR: (time: Date) => String(time.getFullYear()),
  TIME_MON: (time: Date) => twoDigits(time.getMonth() + 1),
  TIME_DAY: (time: Date) => twoDigits(time.getDate()),
  TIME_HOUR: (time: Date) => twoDigits(time.getHours()),
  TIME_MIN: (time: Date) => twoDigits(time.getMinutes()),
  TIME_SEC: (time: Date) => twoDigits(time.getSeconds()),
  TIME_WDAY: (time: Date) => String(time.getDay()),
};

export type ClockName = keyof typeof clockNames;

export function isClockName(name: string): name is ClockName {
  return Object.hasOwn(clockNames, name);
}

/** `TIME_HOUR` → `07`; `TIME` → `20261122070501`. */
export function tellTime(name: ClockName, time: Date): string {
  return clockNames[name](time);
}

function twoDigits(number: number): string {
  return String(number).padStart(2, '0');
}
