import type { Position } from '../config/model.js';
import type { Step } from '../trace/index.js';

/** The way of one request, as far as it can be known without a running server. Plain data: `--json` prints it as it is. */
export interface Explanation {
  readonly request: {
    readonly method: string;
    readonly target: string;
    readonly host: string;
    readonly client: string;
    readonly local: string;
  };
  readonly virtualHost: {
    readonly name: string;
    /** Absent: the main server. */
    readonly position?: Position;
    readonly why: string;
  };
  /** Decoded and cleaned; absent when the request was refused before. */
  readonly path?: string;
  readonly mapping?: {
    readonly kind: string;
    readonly filename: string;
    readonly scriptName?: string;
    readonly pathInfo?: string;
  };
  /** Every decision in its order: what took the path, how each Require was judged. */
  readonly steps: readonly Step[];
  /** In the order in which they were merged. */
  readonly sections: readonly { readonly text: string; readonly position: Position }[];
  readonly settings: readonly EffectiveSetting[];
  readonly access: {
    /** `no user needed`, or who got in, or that nobody did. */
    readonly outcome: string;
    readonly assumptions: readonly string[];
  };
  /** The other server that would be asked. */
  readonly proxied?: ExplainedProxying;
  readonly application?: ExplainedApplication;
  readonly answer: {
    /** Absent: what the application says. */
    readonly status?: number;
    /** name, value, … */
    readonly headers: readonly string[];
  };
  readonly log: { readonly error: readonly string[]; readonly access: readonly string[] };
}

/** A setting that some section or server says, as it ends up. */
export interface EffectiveSetting {
  readonly name: string;
  readonly value: string;
  /** Who said so, the last one first. */
  readonly from: readonly Position[];
}

export interface ExplainedProxying {
  readonly url: string;
  /** The directive that says so. */
  readonly position: Position;
  readonly method: string;
  /** Path and query, as they are sent. */
  readonly path: string;
  /** name, value, … What uWSGI gets are variables. */
  readonly headers: readonly string[];
  /** name → seconds; 0: none. */
  readonly timeLimits: Readonly<Record<string, number>>;
  /** The connection would become a tunnel. */
  readonly isTunnel: boolean;
}

export interface ExplainedApplication {
  readonly scriptFile: string;
  readonly runtime: string;
  readonly processGroup: string;
  readonly applicationGroup: string;
  readonly callable: string;
  readonly callInterface: string;
  /** name, value, … without the `wsgi.*` keys that the daemon process adds. */
  readonly environ: readonly string[];
  /** name → seconds; 0: none. */
  readonly timeLimits: Readonly<Record<string, number>>;
}
