export type { DaemonAddress, HealthTarget, PoolPlan } from './daemon-pool.js';
export type { AnnouncedProcess, FromFrontEnd, FrontEndStart, ToFrontEnd } from './front-end-process.js';
export type { RuntimeOf } from './launch-plan.js';
export { BindError } from './listening-sockets.js';
export type { SharedLogins } from './login-journal.js';
export type { NeededPool } from './pool-succession.js';
export type { PlannedChange } from './reload-plan.js';
export type { SiteStatus } from './status.js';
export { type LogWitness, Supervisor, type SupervisorPorts } from './supervisor.js';
