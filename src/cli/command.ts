import type { LogLevel } from '../log/index.js';

/** What the command line says about the site file and how to read it. */
export interface SiteOptions {
  /** -f, as written. */
  readonly configFile?: string;
  /** -d, as written. */
  readonly serverRoot?: string;
  /** -D names, in order. */
  readonly defines: readonly string[];
  /** -C: lines to process before the site file, in order; they may form a section together. */
  readonly directivesBefore: readonly string[];
  /** -c: the same after it. */
  readonly directivesAfter: readonly string[];
  /** -e: the level of what is said during the start. */
  readonly startupLogLevel?: LogLevel;
}

export type ControlAction = 'stop' | 'restart' | 'graceful' | 'graceful-stop';

export type Question =
  | { readonly command: 'status' | 'plan' }
  /** `group`: '' is %{GLOBAL}. */
  | { readonly command: 'reload'; readonly group: string };

/** `modhost explain [options] URL` */
export interface ExplainCommand {
  readonly kind: 'explain';
  readonly site: SiteOptions;
  /** `/path`, or absolute. */
  readonly url: string;
  readonly method: string;
  /** Whose password is taken to be right. */
  readonly user?: string;
  /** What group scripts are taken to answer. */
  readonly groups: readonly string[];
  /** Of the client. */
  readonly address?: string;
  /** name, value, … */
  readonly headers: readonly string[];
  readonly json: boolean;
}

/** What one call of `modhost` shall do. */
export type Command =
  | { readonly kind: 'start'; readonly foreground: boolean; readonly site: SiteOptions }
  | { readonly kind: 'control'; readonly action: ControlAction; readonly site: SiteOptions }
  /** -t; `json`: the mistakes as JSON on standard output */
  | { readonly kind: 'check'; readonly site: SiteOptions; readonly json: boolean }
  /** `modhost config --resolved` */
  | { readonly kind: 'show-resolved'; readonly site: SiteOptions }
  /** -S */
  | { readonly kind: 'show-virtual-hosts'; readonly site: SiteOptions }
  /** -M, -L, -v, -V, -h */
  | { readonly kind: 'list-modules' | 'list-directives' | 'show-version' | 'show-settings' | 'help' }
  | ExplainCommand
  /** `modhost status`, `modhost plan`, `modhost reload GROUP`: what only a running server knows or does */
  | { readonly kind: 'ask'; readonly question: Question; readonly site: SiteOptions; readonly json: boolean }
  /** `modhost htpasswd …`: the rest belongs to that command. */
  | { readonly kind: 'htpasswd'; readonly arguments: readonly string[] }
  /** `modhost htdigest …` */
  | { readonly kind: 'htdigest'; readonly arguments: readonly string[] };
