/** What a value is, for the error log. */
export function describeValue(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  if (typeof value === 'object') return `an object (${value.constructor?.name ?? 'without a class'})`;
  return `a ${typeof value}`;
}
