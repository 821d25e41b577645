/** Which member of a balancer answers a request, and how its members are. */

export { BalancerState, type Choice } from './balancer-state.js';
export { BalancerTable, type MemberNews, type MemberReport } from './balancer-table.js';
export {
  type AskMember,
  type CheckedAnswer,
  type HealthPorts,
  judgeAnswer,
  startHealthChecks,
} from './health-checks.js';
export type { MemberState } from './member-state.js';
export { findSessionRoute, type SessionRoute } from './session-route.js';
