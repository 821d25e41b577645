import type { PlannedChange } from '../processes/index.js';

const words = {
  new: 'started',
  replaced: 'replaced',
  removed: 'ended',
  unchanged: 'left alone',
} as const;

/** What a graceful restart would do, one line for each thing. */
export function formatPlan(changes: readonly PlannedChange[]): string {
  return changes
    .map(({ what, name, change, because }) => {
      const subject = name === '' ? what : `${what} ${name}`;
      return `${subject}: ${words[change]}${because.length === 0 ? '' : ` (${because.join(', ')})`}\n`;
    })
    .join('');
}
