export { type CheckAnswer, checkServer, type ServerCheck } from './check-server.js';
export { findObstacle, planConnection } from './connection-plan.js';
export {
  createGateway,
  type Gateway,
  isOfServer,
  isToldVariables,
  type PassedRequest,
  type Passing,
  type PassOutcome,
  type PassSink,
} from './gateway.js';
export { makeRequestHead } from './request-head.js';
export { makeResponseHead } from './response-head.js';
export { joinSockets } from './tunnel.js';
