import type { ProcessGroup, ServerConfig } from '../config/model.js';
import { findProcessGroup, type PlanPorts, planPool } from './launch-plan.js';
import type { NeededPool } from './pool-succession.js';

/** A group with which no server starts, and why, worded for the user. */
export interface PlanFault {
  readonly group: ProcessGroup;
  readonly message: string;
}

/** What a start now would refuse about the groups that the site file needs, by the same checks; each fault once. */
export function findPlanFaults(
  config: ServerConfig,
  needed: readonly NeededPool[],
  ports: PlanPorts,
): readonly PlanFault[] {
  const faults = new Map<string, PlanFault>();
  for (const { group: name, runtime } of needed) {
    const group = findProcessGroup(config, name);
    if (group === undefined) continue;
    try {
      planPool(config, group, runtime, ports);
    } catch (error) {
      const { message } = error as Error;
      faults.set(`${name} ${message}`, { group, message });
    }
  }
  return [...faults.values()];
}
