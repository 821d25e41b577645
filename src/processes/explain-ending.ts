/** What is known of a daemon process that has ended. */
export interface EndingFacts {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** Why this server ended it, if it did. */
  readonly cause: string | undefined;
  /** It was told to go. */
  readonly isLeaving: boolean;
  readonly hasBeenReady: boolean;
  /** threads=0: it ends when its work is done. */
  readonly isService: boolean;
  /** It said that JavaScript found no memory. */
  readonly isOutOfHeap: boolean;
  /** It had used what cpu-time-limit grants when it was last looked at. */
  readonly hasUsedItsTime: boolean;
  /** Whether the system has killed for want of memory; asked only where that may be the answer. */
  hasMemoryKill(): boolean;
}

export interface ProcessEnding {
  /** Worded for the log: how, and why as far as it is known. */
  readonly reason: string;
  readonly isFailure: boolean;
  /** This server ended it by force, for the reason it tells. */
  readonly isForced: boolean;
  /** Nothing that the process or this server did: the next one may live. */
  readonly isFromOutside: boolean;
}

/** Of the daemon's own start, of both runtimes and of launch.py. */
const cannotStartCode = 78;

/** What an operator is told of the end of a daemon process. */
export function explainEnding(facts: EndingFacts): ProcessEnding {
  const { code, signal, cause } = facts;
  const how = signal === null ? `exited with code ${code}` : `was ended by signal ${signal}`;
  const why = cause ?? guessCause(facts);
  return {
    reason: why === undefined ? how : `${how} (${why})`,
    isFailure: code !== 0,
    isForced: cause !== undefined,
    isFromOutside: signal === 'SIGKILL' && why === undefined,
  };
}

function guessCause(facts: EndingFacts): string | undefined {
  const { code, signal, isLeaving, hasBeenReady, isService } = facts;
  if (signal === 'SIGXCPU') return 'cpu-time-limit';
  if (signal === 'SIGKILL') {
    if (facts.hasUsedItsTime) return 'cpu-time-limit, and it did not end within shutdown-timeout';
    return facts.hasMemoryKill() ? 'the system had no memory left' : undefined;
  }
  if (signal !== null) return facts.isOutOfHeap ? 'JavaScript found no more memory' : undefined;
  if (code === cannotStartCode && !hasBeenReady)
    return 'what WSGIDaemonProcess asks for cannot be done, as it says above';
  if (code === 0 && !isLeaving && !isService)
    return 'nobody here told it to: its application ended it, or SIGTERM from elsewhere';
  return undefined;
}
