export { askControl, type NoOutcome } from './ask-control.js';
export { formatPlan } from './format-plan.js';
export { formatStatus } from './format-status.js';
export { type ControlOutcome, type ControlRequest, controlSocketOf } from './protocol.js';
export { serveControl } from './serve-control.js';
