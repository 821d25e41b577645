import type { PlannedChange, SiteStatus } from '../processes/index.js';

/** What an operator asks of a running server: one JSON object on a line. */
export type ControlRequest =
  | { readonly command: 'status' }
  | { readonly command: 'plan' }
  | { readonly command: 'graceful' }
  /** `group`: '' is %{GLOBAL}. */
  | { readonly command: 'reload'; readonly group: string };

/**
 * What it answers: any number of lines of text as things happen, and signs of life meanwhile, then one outcome; one JSON object on
 * each line.
 */
export type ControlReply = { readonly text: string } | { readonly isWorking: true } | ControlOutcome;

/** Who says nothing for so long hangs. */
export const controlSilenceMs = 10_000;

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
  const { command, group } = readObject(line) ?? {};
  if (command === 'status' || command === 'plan' || command === 'graceful') return { command };
  if (command === 'reload' && typeof group === 'string') return { command, group };
  return undefined;
}

/** Undefined for what is no reply. */
export function readReply(line: string): ControlReply | undefined {
  const reply = readObject(line);
  if (reply === undefined) return undefined;
  const { text, isWorking, isDone } = reply;
  const isReply = typeof text === 'string' || isWorking === true || typeof isDone === 'boolean';
  return isReply ? (reply as unknown as ControlReply) : undefined;
}

function readObject(line: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}
