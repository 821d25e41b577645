export { askHealth } from './ask-health.js';
export { findHealthTarget } from './find-health-target.js';
