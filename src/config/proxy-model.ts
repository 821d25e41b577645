/** Types of the configuration, entered by model.ts. ProxyPass and its kin. */

import type { Condition, Text } from '../expressions/index.js';
import type { ServerScheme } from '../http/index.js';
import type { Alias, Position } from './model.js';

/** ProxyPass, ProxyPassMatch: who answers in place of this server. */
export interface ProxyPass {
  readonly match: Alias['match'];
  /** Absent: `!`, what matches is answered here. */
  readonly target?: ProxyTarget;
  readonly position: Position;
}

/** ProxyPass in <Location>: all of it. */
export type SectionProxyPass = Omit<ProxyPass, 'match'> & {
  /** Of the <Location>: what of the path is replaced by the URL. */
  readonly match: Alias['match'];
};

/** Another server, or several of them, and a path there. Text of the site file, Unicode. */
export type ProxyTarget = ServerTarget | BalancerTarget;

/** One of the members of a balancer. */
export interface BalancerTarget {
  /** As written. */
  readonly url: string;
  readonly scheme: 'balancer';
  /** Lower-cased. */
  readonly name: string;
  /** Starts with `/` or is empty; may hold `$1` … for patterns. */
  readonly path: string;
  /** The path goes on as it was sent. */
  readonly isRaw: boolean;
  /** The query does not go along. */
  readonly dropsQuery: boolean;
}

export interface ServerTarget {
  /** As written; what <Proxy> sections, messages and ProxyPassReverse are compared with. */
  readonly url: string;
  readonly scheme: ProxyScheme;
  /** IPv6 without brackets. */
  readonly host: string;
  readonly port: number;
  /** `host[:port]` as written: what the other server is asked as. */
  readonly authority: string;
  /** `unix:/path|…`: absolute. */
  readonly socketPath?: string;
  /** Starts with `/` or is empty; may hold `$1` … for patterns. */
  readonly path: string;
  readonly parameters: ProxyParameters;
  /** The path goes on as it was sent. */
  readonly isRaw: boolean;
  /** The query does not go along. */
  readonly dropsQuery: boolean;
}

export type ProxyScheme = ServerScheme;

/** What ProxyPass, ProxySet and <Proxy> say of the connections to another server. Absent: not said. */
export interface ProxyParameters {
  /** One wait for the other server. */
  readonly timeoutMs?: number;
  readonly connectTimeoutMs?: number;
  /** Connections of one front end at a time. */
  readonly max?: number;
  /** How long a connection may be kept unused. */
  readonly ttlMs?: number;
  /** How long a request may wait for one of `max` connections. */
  readonly acquireMs?: number;
  /** A connection serves one request. */
  readonly disableReuse?: boolean;
  /** TCP keep-alive probes. */
  readonly keepAlive?: boolean;
  /** Requests that ask for this protocol become tunnels: `websocket`, another one in lower case, or `any`. */
  readonly upgrade?: string;
}

/** Proxy… directives that cannot stand in sections. */
export interface ProxyingSettings {
  /** ProxyTimeout; absent: Timeout. */
  readonly timeoutMs?: number;
  readonly via: 'off' | 'on' | 'full' | 'block';
  /** ProxySourceAddress: the address that connections come from. */
  readonly sourceAddress?: string;
  /** ProxyPassInherit: the main server's ProxyPass hold in a virtual host, too. */
  readonly inheritsPasses: boolean;
  /** BalancerInherit: the main server's balancers, too. They do as long as either of the two is on (as httpd). */
  readonly inheritsBalancers: boolean;
}

/** SSLProxy…: how the certificate of another server is checked. Merged by member. */
export interface ProxyTlsSettings {
  readonly isOn?: boolean;
  readonly verify?: 'none' | 'optional' | 'require' | 'optional_no_ca';
  /** Certificates above that of the other server. */
  readonly depth?: number;
  readonly checksName?: boolean;
  readonly checksExpiry?: boolean;
  /** PEM. */
  readonly authorities?: string;
  /** PEM: certificate and key that this server shows. */
  readonly identity?: string;
  readonly ciphers?: string;
  readonly minVersion?: TlsVersion;
  readonly maxVersion?: TlsVersion;
}

export type TlsVersion = 'TLSv1' | 'TLSv1.1' | 'TLSv1.2' | 'TLSv1.3';

/** ProxyFCGISetEnvIf: what a FastCGI server is told if the condition holds. */
export interface FcgiVariableRule {
  readonly condition: Condition;
  readonly name: string;
  /** Absent: nothing is said of it. */
  readonly value?: Text;
  readonly position: Position;
}

/** ProxyPassReverse, ProxyPassReverseCookieDomain, ProxyPassReverseCookiePath: what stands for what. */
export interface ProxyReverse {
  readonly kind: 'url' | 'cookie-domain' | 'cookie-path';
  /** What the other server says. */
  readonly internal: string;
  /** What the client is to see. */
  readonly external: string;
}
