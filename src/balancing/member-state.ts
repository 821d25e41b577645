import type { BalancerMember } from '../config/model.js';

/** What is known of a member at the moment. Times in milliseconds since the epoch. */
export class MemberState {
  readonly member: BalancerMember;
  /** In error since then; it is left alone for `retry`. */
  inErrorSince: number | undefined;
  /** The health checks say so. */
  isUnwell: boolean;
  /** How much it is owed, in hundredths of requests: byrequests gives the next one to whom most is owed. */
  owed = 0;
  /** Requests that are under way, and all that it was chosen for. */
  busy = 0;
  elected = 0;
  /** Bytes of requests that went there, and of the bodies that came back. */
  sentBytes = 0;
  receivedBytes = 0;

  constructor(member: BalancerMember) {
    this.member = member;
    // Nobody knows since when: it is tried at once (as httpd).
    this.inErrorSince = member.flags.has('in-error') ? 0 : undefined;
    this.isUnwell = member.flags.has('unwell');
  }

  /** May be asked at all; `now` ends the time for which one in error is left alone. */
  isUsable(now: number): boolean {
    const { flags, retryMs } = this.member;
    if (this.inErrorSince !== undefined && now - this.inErrorSince >= retryMs) this.inErrorSince = undefined;
    return (
      this.inErrorSince === undefined && !this.isUnwell && !flags.has('disabled') && !flags.has('stopped')
    );
  }

  /** May get requests that are nobody's yet. */
  takesNew(now: number): boolean {
    return this.isUsable(now) && !this.member.flags.has('drained');
  }

  /** Puts it in error; false: its mistakes are ignored. */
  fail(now: number): boolean {
    if (this.member.flags.has('ignores-errors')) return false;
    this.inErrorSince = now;
    return true;
  }

  /** Why it is not asked, or `ok`, for people. */
  describe(now: number): string {
    const { flags, retryMs } = this.member;
    const said = ['stopped', 'disabled', 'drained'].find((flag) => flags.has(flag as 'stopped'));
    if (said !== undefined) return said;
    if (this.isUnwell) return 'unwell';
    if (!this.isUsable(now) && this.inErrorSince !== undefined)
      return `in error, tried again in ${Math.ceil((this.inErrorSince + retryMs - now) / 1000)} s`;
    return flags.has('standby') ? 'standby' : flags.has('spare') ? 'spare' : 'ok';
  }
}
