export { findAskedRequest } from './asked-request.js';
export { type Assumptions, explainRequest } from './explain-request.js';
export type { Explanation } from './explanation.js';
export { formatExplanation } from './format-explanation.js';
export type { AskedRequest } from './recorded-request.js';
