import type { Socket } from 'node:net';
import type { ProxyScheme, ProxyTlsSettings, ServerTarget } from '../config/model.js';
import type { BodySource } from '../proxy/index.js';
import { type ConnectionPlan, planConnection } from './connection-plan.js';
import { ConnectionPool } from './connections.js';
import type { Dialect } from './dialect.js';
import { fastcgi } from './dialect-fastcgi.js';
import { scgi } from './dialect-scgi.js';
import { uwsgi } from './dialect-uwsgi.js';
import { PassingCgi } from './passing-cgi.js';
import { PassingHttp } from './passing-http.js';

/** Where an answer of another server goes. Nothing is called after `end` or `cut`. */
export interface PassSink {
  /** An interim answer (1xx), before the head. */
  inform(status: number, headers: readonly string[]): void;
  /** Once. `headers` as received; no status: none was said (CGI). False: nothing of this answer is wanted any more. */
  head(status: number | undefined, reason: string, headers: readonly string[]): boolean;
  /** False: wait for `onDrain`. */
  write(piece: Buffer): boolean;
  onDrain(callback: () => void): void;
  end(): void;
  /** A line that the other server wrote for the error log. */
  logError(line: string): void;
  /** Ends the reply so that the client sees that it is incomplete. */
  cut(): void;
}

/** One request for another server. Byte strings. */
export interface PassedRequest {
  readonly target: ServerTarget;
  readonly method: string;
  /** Path and query. */
  readonly path: string;
  /** Without Connection and the framing of the body. */
  readonly headers: readonly string[];
  /** Name in the certificate of the other server. */
  readonly tlsName: string;
  readonly body?: BodySource & { readonly length: number | undefined };
  /** Content-Length: 0 goes along. */
  readonly hasEmptyBody: boolean;
  readonly expectsContinue: boolean;
  /** The connection is to become one of this protocol, in lower case. */
  readonly upgrade?: string;
  /** One wait for the other server; 0: no limit. */
  readonly timeoutMs: number;
  readonly connectTimeoutMs: number;
  readonly tls: ProxyTlsSettings;
  readonly sourceAddress?: string;
  /** The connection is not used again. */
  readonly isLast: boolean;
  /** CGI's but for CONTENT_LENGTH, for protocols that have no headers: name, value, …, each name once. */
  readonly variables: readonly string[];
  readonly sink: PassSink;
}

/** How it ended. */
export type PassOutcome =
  | { readonly kind: 'done' }
  /** Nothing was sent to the client yet: the caller answers with this status. */
  | {
      readonly kind: 'refused';
      readonly status: 400 | 408 | 411 | 413 | 500 | 502 | 503 | 504;
      readonly reason: string;
      readonly fault: PassFault;
    }
  /** The head was out: the reply has been cut off visibly. */
  | { readonly kind: 'cut'; readonly reason: string; readonly fault: PassFault }
  /** The sink wanted nothing of the answer. */
  | { readonly kind: 'dropped' }
  | { readonly kind: 'gone' }
  /** The other server changed the protocol: the connection, and what came on it already. */
  | {
      readonly kind: 'upgraded';
      readonly headers: readonly string[];
      readonly socket: Socket;
      readonly early: Buffer;
    };

/** Whose doing it is that a request was not answered as it should be. */
export type PassFault =
  /** The other server does not listen, and has seen nothing of the request. */
  | 'no-connection'
  /** Its name cannot be looked up. */
  | 'no-address'
  /** It did not answer in time. */
  | 'silence'
  /** It closed the connection too early, said no in its protocol, or said what cannot be understood or trusted. */
  | 'bad-answer'
  /** What the client sent, or did not send. */
  | 'client'
  /** Nobody else's: the protocol cannot carry the request, or too many others are under way. */
  | 'own';

/** What the other server has not done, or not well. */
export function isOfServer(fault: PassFault): boolean {
  return fault !== 'client' && fault !== 'own';
}

export interface Passing {
  readonly outcome: Promise<PassOutcome>;
  /** Of the request, its head included, when it is over. */
  sentBytes(): number;
  /** The client left. */
  abandon(): void;
}

/** Passes requests on to other servers, and keeps connections to them. */
export interface Gateway {
  pass(request: PassedRequest): Passing;
}

/** Of the schemes that are not HTTP. */
const dialects: Partial<Record<ProxyScheme, Dialect>> = { fcgi: fastcgi, scgi, uwsgi };

/** Whether servers of a scheme are told CGI's variables in place of headers. */
export function isToldVariables(scheme: ProxyScheme): boolean {
  return dialects[scheme] !== undefined;
}

export function createGateway(): Gateway {
  const pools = new PoolTable();
  return {
    pass: (request) => {
      const plan = planConnection(request);
      const pool = pools.find(plan);
      const dialect = dialects[request.target.scheme];
      const passing =
        dialect === undefined ? new PassingHttp(pool, request) : new PassingCgi(dialect, pool, request);
      return {
        outcome: passing.outcome,
        abandon: () => passing.abandon(),
        sentBytes: () => passing.sentBytes,
      };
    },
  };
}

/** The pools by what their connections are like. Targets and settings keep their identity, so that their texts are compared once. */
class PoolTable {
  readonly #pools = new Map<string, ConnectionPool>();
  readonly #known = new WeakMap<ServerTarget, WeakMap<ProxyTlsSettings, Map<string, ConnectionPool>>>();

  find(plan: ConnectionPlan): ConnectionPool {
    const { target, tls = noTls, tlsName, connectTimeoutMs, sourceAddress = '' } = plan;
    const ofTarget = this.#known.get(target) ?? new WeakMap<ProxyTlsSettings, Map<string, ConnectionPool>>();
    this.#known.set(target, ofTarget);
    const ofSettings = ofTarget.get(tls) ?? new Map<string, ConnectionPool>();
    ofTarget.set(tls, ofSettings);
    const rest = `${connectTimeoutMs} ${sourceAddress} ${tlsName}`;
    const pool = ofSettings.get(rest) ?? this.#findAlike(plan);
    // With ProxyPreserveHost, clients choose the name.
    if (ofSettings.size < mostNames) ofSettings.set(rest, pool);
    return pool;
  }

  #findAlike(plan: ConnectionPlan): ConnectionPool {
    const key = describePlan(plan);
    const known = this.#pools.get(key);
    if (known !== undefined) return known;
    const pool = new ConnectionPool(plan);
    // Those that are left out here keep their connections until these are closed for want of use.
    if (this.#pools.size < mostPools) this.#pools.set(key, pool);
    return pool;
  }
}

const noTls: ProxyTlsSettings = Object.freeze({});
const mostNames = 100;
const mostPools = 10_000;

/** Plans with the same text share connections. */
function describePlan({ target, tls, ...rest }: ConnectionPlan): string {
  const { host, port, socketPath, parameters } = target;
  return JSON.stringify([host, port, socketPath, parameters, tls, rest]);
}
