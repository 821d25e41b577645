import type { HeaderList } from '../http/index.js';
import { fieldValue } from './field-value.js';

/** Both ends included. */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

/**
 * Which parts of `size` bytes a Range field asks for, in its order. As Apache: what is not exactly `bytes=` and a list of
 * ranges is ignored, of several ranges those beyond the end are dropped, one that touches the one before it becomes part of it,
 * and whoever asks for too much (more bytes than there are, too many ranges, overlaps or steps back) gets the whole.
 */
export function selectRanges(
  headers: HeaderList,
  size: number,
): readonly ByteRange[] | 'whole' | 'unsatisfiable' {
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
  return ranges.length === 0 ? 'unsatisfiable' : joinNeighbours(ranges, size);
}

/** Apache's defaults of MaxRanges, MaxRangeOverlaps and MaxRangeReversals. */
const maxRanges = 200;
const maxOverlaps = 20;
const maxReversals = 20;

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

function joinNeighbours(ranges: readonly ByteRange[], size: number): readonly ByteRange[] | 'whole' {
  const joined: ByteRange[] = [];
  let overlaps = 0;
  let reversals = 0;
  for (const range of ranges) {
    const before = joined.at(-1);
    if (before !== undefined && range.start < before.start) reversals += 1;
    if (before !== undefined && range.start <= before.end + 1 && range.end + 1 >= before.start) {
      overlaps += 1;
      const start = Math.min(before.start, range.start);
      joined[joined.length - 1] = { start, end: Math.max(before.end, range.end) };
    } else joined.push(range);
  }
  const bytes = joined.reduce((sum, { start, end }) => sum + end - start + 1, 0);
  return overlaps > maxOverlaps || reversals > maxReversals || bytes > size ? 'whole' : joined;
}
