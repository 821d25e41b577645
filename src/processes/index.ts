export type { FromFrontEnd, ToFrontEnd } from './front-end-process.js';
export type { FrontEndStart } from './generation.js';
export type { RuntimeOf } from './launch-plan.js';
export { BindError } from './listening-sockets.js';
export { type NeededPool, Supervisor, type SupervisorPorts } from './supervisor.js';
