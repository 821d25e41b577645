/** `[22/Nov/2026:06:04:42 +0000]` without the brackets, in local time: `%t` of the access log. */
export const formatCommonLogTime = oncePerSecond((time) => {
  const day = twoDigits(time.getDate());
  const date = `${day}/${shortMonths[time.getMonth()]}/${time.getFullYear()}`;
  return `${date}:${clockTime(time)} ${formatZoneOffset(time)}`;
});

/** `Sun Nov 22 05:43:51.018812 2026`, in local time. The clock here is exact to a millisecond. */
export function formatErrorLogTime(time: Date): string {
  const microseconds = String(time.getMilliseconds()).padStart(3, '0');
  const wholeSecond = formatErrorLogSecond(time.getTime());
  return `${wholeSecond}.${microseconds}000 ${time.getFullYear()}`;
}

const formatErrorLogSecond = oncePerSecond((time) => {
  const date = `${shortWeekdays[time.getDay()]} ${shortMonths[time.getMonth()]} ${twoDigits(time.getDate())}`;
  return `${date} ${clockTime(time)}`;
});

/** `+0100`: the local zone's distance from UTC at that time. */
export function formatZoneOffset(time: Date): string {
  const minutes = -time.getTimezoneOffset();
  const distance = Math.abs(minutes);
  return `${minutes < 0 ? '-' : '+'}${twoDigits(Math.floor(distance / 60))}${twoDigits(distance % 60)}`;
}

export const shortWeekdays = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'] as const;
export const shortMonths = [
  'Jan',
  'Feb',
  'Mar',
  'Apr',
  'May',
  'Jun',
  'Jul',
  'Aug',
  'Sep',
  'Oct',
  'Nov',
  'Dec',
] as const;

export function twoDigits(value: number): string {
  return value < 10 ? `0${value}` : String(value);
}

function clockTime(time: Date): string {
  return `${twoDigits(time.getHours())}:${twoDigits(time.getMinutes())}:${twoDigits(time.getSeconds())}`;
}

/**
 * A busy server writes thousands of lines in one second, whose text is then made once. Requests end out of order, so
 * two seconds can alternate: remember more than one.
 */
function oncePerSecond(format: (time: Date) => string): (epochMs: number) => string {
  const slots: { second: number; text: string }[] = Array.from({ length: 4 }, () => ({
    second: NaN,
    text: '',
  }));
  return (epochMs) => {
    const second = Math.floor(epochMs / 1000);
    const slot = slots[second & 3] as { second: number; text: string };
    if (slot.second !== second) {
      slot.second = second;
      slot.text = format(new Date(second * 1000));
    }
    return slot.text;
  };
}
