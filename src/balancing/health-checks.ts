import type { HealthCheck, ServerConfig, VirtualHost } from '../config/model.js';
import { evaluateCondition, type Subject } from '../expressions/index.js';
import { headerValue } from '../http/index.js';
import type { BalancerState } from './balancer-state.js';
import type { BalancerTable } from './balancer-table.js';
import type { MemberState } from './member-state.js';

/** What a member said. */
export type CheckedAnswer =
  | { readonly kind: 'connected' }
  | {
      readonly kind: 'answered';
      readonly status: number;
      /** name, value, … Byte strings, as the body. */
      readonly headers: readonly string[];
      readonly body: string;
    }
  | { readonly kind: 'silent'; readonly reason: string };

/** Asks a member; `host`: where its balancer is written. Never rejects. */
export type AskMember = (
  member: MemberState,
  check: HealthCheck,
  host: VirtualHost,
) => Promise<CheckedAnswer>;

export interface HealthPorts {
  readonly ask: AskMember;
  log(host: VirtualHost, level: 'error' | 'info', text: string): void;
}

/** Asks every member that has a check, again and again, until the function that comes back is called. */
export function startHealthChecks(
  { mainServer, virtualHosts }: ServerConfig,
  table: BalancerTable,
  ports: HealthPorts,
): () => void {
  const hosts = [mainServer, ...virtualHosts];
  const timers = table.all.flatMap((state) => {
    const host = hosts.find(({ balancers }) =>
      [...balancers.values()].some(({ id }) => id === state.balancer.id),
    );
    return state.members.flatMap((member) => {
      const { check } = member.member;
      if (check === undefined || host === undefined) return [];
      const examination = new Examination(state, member, check, host, table, ports);
      return [setInterval(() => void examination.ask(), check.intervalMs).unref()];
    });
  });
  return () => {
    for (const timer of timers) clearInterval(timer);
  };
}

/** The checks of one member. */
class Examination {
  readonly #balancer: BalancerState;
  readonly #member: MemberState;
  readonly #check: HealthCheck;
  readonly #host: VirtualHost;
  readonly #table: BalancerTable;
  readonly #ports: HealthPorts;
  #isAsking = false;
  /** In a row. */
  #passed = 0;
  #failed = 0;

  constructor(
    balancer: BalancerState,
    member: MemberState,
    check: HealthCheck,
    host: VirtualHost,
    table: BalancerTable,
    ports: HealthPorts,
  ) {
    this.#balancer = balancer;
    this.#member = member;
    this.#check = check;
    this.#host = host;
    this.#table = table;
    this.#ports = ports;
  }

  async ask(): Promise<void> {
    // A server that takes longer than the interval is asked once at a time.
    if (this.#isAsking) return;
    this.#isAsking = true;
    const answer = await this.#ports.ask(this.#member, this.#check, this.#host);
    this.#isAsking = false;
    const problem = judgeAnswer(answer, this.#check);
    this.#passed = problem === undefined ? this.#passed + 1 : 0;
    this.#failed = problem === undefined ? 0 : this.#failed + 1;
    if (problem === undefined) this.#notePassed();
    else this.#noteFailed(problem);
  }

  #notePassed(): void {
    const { isUnwell, inErrorSince } = this.#member;
    if (this.#passed < this.#check.passes) return;
    // Also told when it is no news: there may be front ends that have not heard it.
    this.#table.settle(this.#balancer, this.#member, true);
    if (isUnwell || inErrorSince !== undefined) this.#log('info', 'AH03302', 'is well again');
  }

  #noteFailed(problem: string): void {
    const { isUnwell } = this.#member;
    if (this.#failed < this.#check.fails) return;
    this.#table.settle(this.#balancer, this.#member, false);
    if (!isUnwell)
      this.#log('error', 'AH03303', `is not asked any more: its health check failed: ${problem}`);
  }

  #log(level: 'error' | 'info', code: string, text: string): void {
    const { url } = this.#member.member.target;
    this.#ports.log(this.#host, level, `${code}: ${url} of ${this.#balancer.balancer.url} ${text}`);
  }
}

/** What is wrong with an answer; undefined: the member is well. */
export function judgeAnswer(answer: CheckedAnswer, { method, condition }: HealthCheck): string | undefined {
  if (answer.kind === 'silent') return answer.reason;
  if (method === 'TCP' || answer.kind === 'connected') return undefined;
  const { status } = answer;
  if (condition === undefined) return status >= 200 && status < 400 ? undefined : `status ${status}`;
  const evaluation = evaluateCondition(condition.condition, createCheckSubject(answer));
  if (evaluation.kind === 'fault') return `ProxyHCExpr ${condition.name}: ${evaluation.reason}`;
  return evaluation.holds ? undefined : `ProxyHCExpr ${condition.name} does not hold (status ${status})`;
}

/** There is no request that an expression could ask about. */
function createCheckSubject({
  status,
  headers,
  body,
}: Extract<CheckedAnswer, { kind: 'answered' }>): Subject {
  return {
    variable: (name) => (name === 'REQUEST_STATUS' ? String(status) : undefined),
    requestHeader: () => undefined,
    responseHeader: (name) => headerValue(headers, name),
    environment: () => undefined,
    note: () => undefined,
    tlsVariable: () => undefined,
    checkedBody: () => body,
  };
}
