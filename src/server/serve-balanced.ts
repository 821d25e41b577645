import { setTimeout as sleep } from 'node:timers/promises';
import {
  type BalancerState,
  findSessionRoute,
  type MemberState,
  type SessionRoute,
} from '../balancing/index.js';
import type { Balancer, BalancerTarget } from '../config/model.js';
import { toByteString } from '../http/index.js';
import type { ProxiedMapping } from '../routing/index.js';
import type { Exchange } from './exchange.js';
import { joinedHeader } from './expression-subject.js';
import { type Destination, describeOrigin, type PassedOn, passOn, pathAndQuery } from './pass-on.js';
import { RepeatableBody } from './repeatable-body.js';
import type { Resend } from './serve-application.js';
import { type Refusal, refuse } from './site.js';

/** How often a request that waits looks whether somebody can answer it (as httpd). */
const lookMs = 100;

/** Passes the request on to a member of a balancer; to another one when there is no connection to it. */
export async function serveBalanced(
  exchange: Exchange,
  mapping: ProxiedMapping,
  target: BalancerTarget,
): Promise<Refusal | Resend | undefined> {
  const { site, virtualHost } = exchange;
  const balancer = virtualHost.balancers.get(target.name);
  const where = `[${target.url}, ${describeOrigin(mapping)}]`;
  if (balancer === undefined) return refuse(500, 'proxy', `${where}: there is no such balancer`);
  if (balancer.members.length === 0)
    return refuse(503, 'proxy_balancer', `AH01171: ${where}: there are no members in the balancer`);
  const state = site.balancers.find(balancer);
  const session =
    balancer.stickySession &&
    findSessionRoute(
      balancer.stickySession,
      pathAndQuery(exchange, { mapping, path: mapping.path }),
      joinedHeader(exchange.headers, 'cookie'),
    );
  traceMembers(exchange, state, session);
  const body = exchange.body === undefined ? undefined : new RepeatableBody(exchange.body);
  try {
    return await askMembers(exchange, mapping, { where, balancer, state, session, body });
  } finally {
    body?.release();
  }
}

/** What is the same at each attempt. */
interface Attempts {
  /** For the log. */
  readonly where: string;
  readonly balancer: Balancer;
  readonly state: BalancerState;
  readonly session: SessionRoute | undefined;
  readonly body: RepeatableBody | undefined;
}

async function askMembers(
  exchange: Exchange,
  mapping: ProxiedMapping,
  { where, balancer, state, session, body }: Attempts,
): Promise<Refusal | Resend | undefined> {
  const { site, record } = exchange;
  let instead: Refusal | Resend | undefined;
  for (let attempt = 0; attempt < state.attempts; attempt += 1) {
    // Before anything is waited for: from here on the client waits, too.
    const offered = body === undefined ? {} : { body: body.open(), onHead: () => body.forgetBeginning() };
    const choice = await awaitChoice(exchange, state, session?.route);
    if (choice.kind === 'nobody') {
      site.trace?.({ stage: 'proxy', text: choice.reason, position: balancer.position });
      return instead ?? refuse(503, 'proxy_balancer', `${where}: ${choice.reason}`);
    }
    const { member } = choice.state;
    // Arguments of a function that is not there are not evaluated.
    site.trace?.({
      stage: 'proxy',
      text: `${member.target.url}: ${choice.describe()}`,
      position: member.position,
    });
    describeChoice(exchange, state, choice.state, session);
    const passed = await passToMember(exchange, mapping, choice.state, offered);
    instead = passed.instead;
    if (!judge(exchange, state, choice.state, passed) || body?.canRepeat === false) return instead;
    if (record.reply.isStarted || attempt + 1 === state.attempts) return instead;
    if (instead?.kind === 'refusal' && instead.log !== undefined)
      exchange.log(instead.log.level, instead.log.module, instead.log.text);
  }
  return instead;
}

/** timeout of the balancer: somebody may come back in the meantime. */
async function awaitChoice({ record }: Exchange, state: BalancerState, route: string | undefined) {
  const deadline = Date.now() + state.balancer.waitMs;
  let hasLeft = false;
  if (state.balancer.waitMs > 0)
    record.reply.onClosed(() => {
      hasLeft = true;
    });
  for (;;) {
    const choice = state.choose(route, Date.now());
    if (choice.kind === 'chosen' || Date.now() >= deadline || hasLeft) return choice;
    await sleep(lookMs);
  }
}

async function passToMember(
  exchange: Exchange,
  mapping: ProxiedMapping,
  state: MemberState,
  offered: Pick<Destination, 'body' | 'onHead'>,
): Promise<PassedOn> {
  const { target } = state.member;
  const path = toByteString(target.path) + mapping.path;
  state.busy += 1;
  try {
    const passed = await passOn(exchange, {
      mapping,
      server: target,
      path,
      ...offered,
    });
    state.sentBytes += passed.sentBytes;
    state.receivedBytes += passed.receivedBytes;
    return passed;
  } finally {
    state.busy -= 1;
  }
}

/** Puts a member in error that deserves it. True: there was no connection to it, and another one may be asked. */
function judge(
  exchange: Exchange,
  state: BalancerState,
  member: MemberState,
  { outcome, status }: PassedOn,
): boolean {
  const { failOnStatus, failOnTimeout } = state.balancer;
  const fault = outcome.kind === 'refused' || outcome.kind === 'cut' ? outcome.fault : undefined;
  const reason =
    fault === 'no-connection' || fault === 'no-address'
      ? 'there is no connection to it'
      : status !== undefined && failOnStatus.includes(status)
        ? `AH01174: the status is ${status} (failonstatus)`
        : fault === 'silence' && failOnTimeout
          ? 'AH02460: it did not answer in time (failontimeout)'
          : undefined;
  if (reason === undefined) return false;
  const { target, retryMs } = member.member;
  const isInError = exchange.site.balancers.fail(state, member, Date.now());
  if (isInError)
    exchange.log(
      'error',
      'proxy_balancer',
      `AH00959: ${target.url} of ${state.balancer.url} is in error for ${retryMs / 1000} s: ${reason}`,
    );
  return isInError && fault === 'no-connection';
}

/** httpd's variables, for Header, logs and conditions. */
function describeChoice(
  { environment }: Exchange,
  { balancer }: BalancerState,
  { member }: MemberState,
  session: SessionRoute | undefined,
): void {
  const route = toByteString(member.route ?? '');
  if (session !== undefined) {
    environment.set('BALANCER_SESSION_STICKY', session.name);
    environment.set('BALANCER_SESSION_ROUTE', session.route);
  }
  environment.set('BALANCER_NAME', toByteString(balancer.url));
  environment.set('BALANCER_WORKER_NAME', toByteString(member.target.url));
  environment.set('BALANCER_WORKER_ROUTE', route);
  if (balancer.stickySession === undefined) return;
  if (session?.route !== route || route === '') environment.set('BALANCER_ROUTE_CHANGED', '1');
  else environment.unset('BALANCER_ROUTE_CHANGED');
}

function traceMembers(
  { site: { trace } }: Exchange,
  state: BalancerState,
  session: SessionRoute | undefined,
) {
  if (trace === undefined) return;
  const { url, position } = state.balancer;
  const belongs = session === undefined ? '' : `; the session in ${session.name} has route ${session.route}`;
  trace({ stage: 'proxy', text: `${url}: lbmethod ${state.balancer.method}${belongs}`, position });
  for (const each of state.members) {
    const { target, loadFactor, route, set } = each.member;
    const facts = [
      `loadfactor ${loadFactor / 100}`,
      ...(set === 0 ? [] : [`lbset ${set}`]),
      ...(route === undefined ? [] : [`route ${route}`]),
      each.describe(Date.now()),
    ];
    trace({
      stage: 'proxy',
      text: `${target.url}: ${facts.join(', ')}`,
      position: each.member.position,
      depth: 1,
    });
  }
}
