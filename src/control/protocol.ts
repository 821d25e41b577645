import type { PlannedChange, SiteStatus } from '../processes/index.js';

/** What an operator asks of a running server: one JSON object on a line. */
export type ControlRequest =
  | { readonly command: 'status' }
  | { readonly command: 'plan' }
  | { readonly command: 'graceful' }
  /** `group`: '' is %{GLOBAL}. */
  | { readonly command: 'reload'; readonly group: string };

/** What it answers: any number of lines of text as things happen, then one outcome; one JSON object on each line. */
export type ControlReply = { readonly text: string } | ControlOutcome;

export interface ControlOutcome {
  readonly isDone: boolean;
  readonly status?: SiteStatus;
  readonly plan?: readonly PlannedChange[];
}

/** The socket lies beside the PidFile: whoever finds the one finds the other. */
export function controlSocketOf(pidFile: string): string {
  return `${pidFile.replace(/\.pid$/, '')}.sock`;
}

/** Undefined for what is no request. */
export function readRequest(line: string): ControlRequest | undefined {
  let members: { readonly command?: unknown; readonly group?: unknown };
  try {
    const value: unknown = JSON.parse(line);
    if (typeof value !== 'object' || value === null) return undefined;
    members = value;
  } catch {
    return undefined;
  }
  const { command, group } = members;
  if (command === 'status' || command === 'plan' || command === 'graceful') return { command };
  if (command === 'reload' && typeof group === 'string') return { command, group };
  return undefined;
}
