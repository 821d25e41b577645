import type { GuessLimit } from './failure-counts.js';

/** What the front ends of a site tell each other about logins: digests and times, never a name, an address or a password. */
export type LoginNews =
  | {
      readonly kind: 'failure';
      /** What the guess counts for. */
      readonly key: string;
      readonly limit: GuessLimit;
      /** Tells equal guesses from different ones. */
      readonly guess: number;
      /** Milliseconds since 1970. */
      readonly atMs: number;
    }
  | {
      readonly kind: 'success';
      /** A user at an address. */
      readonly key: string;
      readonly atMs: number;
    };
