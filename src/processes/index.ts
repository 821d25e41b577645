export type { AnnouncedProcess, FromFrontEnd, FrontEndStart, ToFrontEnd } from './front-end-process.js';
export type { RuntimeOf } from './launch-plan.js';
export { BindError } from './listening-sockets.js';
export type { SharedLogins } from './login-journal.js';
export type { NeededPool } from './pool-succession.js';
export { Supervisor, type SupervisorPorts } from './supervisor.js';
