import type { CustomLog } from '../config/model.js';
import type { AccessRecord } from '../log/index.js';
import type { AskLogCondition } from './site.js';

/** `env=` and `expr=` of CustomLog. */
export function isLogWanted(
  { condition, position }: CustomLog,
  record: AccessRecord,
  holds: AskLogCondition,
): boolean {
  if (condition === undefined) return true;
  if (condition.kind === 'expression') return holds(condition.condition, position);
  return (record.environment(condition.variable) !== undefined) !== condition.negated;
}
