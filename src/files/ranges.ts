import type { HeaderList } from '../http/index.js';
import { fieldValue } from './field-value.js';

/** Both ends included. */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

/**
 * Which part of `size` bytes a Range field asks for. As Apache: what is not exactly `bytes=` and a list of ranges is
 * ignored, of several ranges those beyond the end are dropped, and neighbours become one. Ranges that leave a gap are
 * answered with the whole file, which RFC 9110 section 14.2 allows.
 */
export function selectRange(headers: HeaderList, size: number): ByteRange | 'whole' | 'unsatisfiable' {
  const written = fieldValue(headers, 'range');
  if (written === undefined || size === 0 || !/^bytes=/i.test(written)) return 'whole';
  const specs = written.slice('bytes='.length).split(',').filter(Boolean);
  if (specs.length === 0 || specs.length > maxRanges) return 'whole';

  const ranges: ByteRange[] = [];
  for (const spec of specs) {
    const range = parseSpec(spec, size);
    if (range === 'invalid') return 'whole';
    if (range !== 'unsatisfiable') ranges.push(range);
  }
  if (ranges.length === 0) return 'unsatisfiable';
  return joinRanges(ranges) ?? 'whole';
}

/** Apache's MaxRanges. */
const maxRanges = 200;

function parseSpec(spec: string, size: number): ByteRange | 'invalid' | 'unsatisfiable' {
  // Fifteen digits stay exact in a number and are more than any disk holds.
  const [matched, first = '', last = ''] = /^(\d{0,15})-(\d{0,15})$/.exec(spec) ?? [];
  if (matched === undefined || matched === '-') return 'invalid';
  if (first === '') {
    const length = Number(last);
    return length === 0 ? 'invalid' : { start: Math.max(0, size - length), end: size - 1 };
  }
  const start = Number(first);
  const end = last === '' ? size - 1 : Number(last);
  if (last !== '' && start > end) return 'invalid';
  return start >= size ? 'unsatisfiable' : { start, end: Math.min(end, size - 1) };
}

/** The one range that covers exactly these, or undefined if there is a gap. */
function joinRanges(ranges: readonly ByteRange[]): ByteRange | undefined {
  const [first, ...rest] = [...ranges].sort((a, b) => a.start - b.start);
  let joined = first;
  for (const range of rest) {
    if (!joined || range.start > joined.end + 1) return undefined;
    joined = { start: joined.start, end: Math.max(joined.end, range.end) };
  }
  return joined;
}
