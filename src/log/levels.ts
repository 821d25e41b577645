/** Apache's levels, most severe first. */
export const logLevels = [
  'emerg',
  'alert',
  'crit',
  'error',
  'warn',
  'notice',
  'info',
  'debug',
  'trace1',
  'trace2',
  'trace3',
  'trace4',
  'trace5',
  'trace6',
  'trace7',
  'trace8',
] as const;

export type LogLevel = (typeof logLevels)[number];

/** True if `threshold`, as written after LogLevel, lets an entry of `level` through. */
export function isLevelEnabled(level: LogLevel, threshold: LogLevel): boolean {
  return rank[level] <= rank[threshold];
}

const rank = Object.fromEntries(logLevels.map((level, at) => [level, at])) as Record<LogLevel, number>;
