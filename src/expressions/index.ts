/** Apache's expression language: read at start into plain data, evaluated for a request. */

export { asksFor, readsVariable } from './asks-for.js';
export { isClockName, tellTime } from './clock.js';
export {
  type Evaluation,
  evaluateCondition,
  evaluateText,
  type Subject,
  type TextEvaluation,
} from './evaluate.js';
export { testFile } from './file-tests.js';
export { readServerVariable } from './functions.js';
export type { Condition, Text } from './model.js';
export { functionNames, type VariableName, variableNames } from './names.js';
export { type Parsed, parseCondition, parseText } from './parse.js';
