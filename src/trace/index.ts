import type { Position } from '../config/model.js';

/** One thing that was decided about a request, told in the order in which things are decided. */
export interface Step {
  /** Which part of the lifecycle decided: `explain` prints it in front of the steps that belong together. */
  readonly stage: Stage;
  /** What was decided and on what ground, in the words of the site file. Byte strings in it are printed as they are. */
  readonly text: string;
  /** The directive that said so. */
  readonly position?: Position;
  /** How deep inside the steps before it: a Require in <RequireAll>. */
  readonly depth?: number;
}

export type Stage =
  | 'request'
  | 'connection'
  | 'environment'
  | 'rewrite'
  | 'mapping'
  | 'htaccess'
  | 'access'
  | 'user'
  | 'headers'
  | 'dispatch'
  | 'proxy'
  | 'answer';

/**
 * Is told every step when somebody wants to know: `modhost explain`. A server that serves has none, so call it as
 * `trace?.({ … })` and let the text be made inside the braces: then it costs nothing.
 */
export type Trace = (step: Step) => void;
