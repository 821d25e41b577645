/** Types of the configuration, entered by model.ts. Who may enter: Require, Order and their kin, providers, login scripts. */

import type { Condition } from '../expressions/index.js';
import type { AddressRange } from '../matching/index.js';
import type { DirectorySettings, Position } from './model.js';

export interface AuthScript {
  /** Absolute. */
  readonly file: string;
  readonly processGroup?: string;
  readonly applicationGroup?: string;
  readonly position: Position;
}

/** <Limit>, <LimitExcept>: which methods something is about. With case; GET stands for HEAD too, and HEAD is never named. */
export interface MethodLimit {
  /** True: all methods but these. */
  readonly except: boolean;
  readonly methods: readonly string[];
}

/** Something that counts for some methods only; without `limit` for all. */
export interface Limited<Value> {
  readonly value: Value;
  readonly limit?: MethodLimit;
  readonly position: Position;
}

/** What mod_access_compat asks of a request, besides the Require tree. */
export interface HostAccess {
  /** The last one for the method of the request counts; none: `deny,allow`. */
  readonly orders: readonly Limited<AccessOrder>[];
  /** The last one for the method of the request counts; none: `all`. */
  readonly satisfy: readonly Limited<'all' | 'any'>[];
  readonly allow: readonly Limited<HostTest>[];
  readonly deny: readonly Limited<HostTest>[];
}

export type AccessOrder = 'allow,deny' | 'deny,allow' | 'mutual-failure';

/** One word behind `Allow from` or `Deny from`. */
export type HostTest =
  | { readonly kind: 'all' }
  | { readonly kind: 'ip'; readonly range: AddressRange }
  /** The name of the client ends with it, as a whole or behind a dot. */
  | { readonly kind: 'host'; readonly domain: string }
  | { readonly kind: 'env'; readonly variable: string; readonly negated: boolean };

/** Where verified credentials are kept. */
export type AuthnCacheStore =
  | { readonly kind: 'memory' }
  | { readonly kind: 'redis'; readonly host: string; readonly port: number };

/** How much may be guessed. */
export interface AuthThrottle {
  readonly enabled?: boolean;
  /** Wrong passwords for one user, from everywhere but the user's own addresses. */
  readonly user?: { readonly failures: number; readonly seconds: number };
  /** Wrong passwords from one address, for whomever. */
  readonly address?: { readonly failures: number; readonly seconds: number };
  readonly delayMs?: number;
}

/** A provider under another name, with settings that win over those of the section. */
export interface AuthnAlias {
  readonly provider: string;
  readonly settings: ProviderSettings;
}

/** What a provider may have to itself. */
export type ProviderSettings = Pick<
  DirectorySettings,
  | 'authUserFile'
  | 'authUserScript'
  | 'anonymousUsers'
  | 'anonymousMustGiveEmail'
  | 'anonymousVerifyEmail'
  | 'anonymousLogEmail'
  | 'anonymousNeedsNoUser'
>;

export type DigestAlgorithm = 'MD5' | 'SHA-256';

/** A node of the Require tree. Bare Require lines of one section are one `any` container. */
export type Requirement =
  | {
      readonly kind: 'any' | 'every' | 'none';
      readonly requirements: readonly Requirement[];
      readonly position: Position;
    }
  | { readonly kind: 'not'; readonly requirement: Requirement; readonly position: Position }
  /** Directly in <Limit>: for other methods it is as if it were not there. */
  | {
      readonly kind: 'limited';
      readonly limit: MethodLimit;
      readonly requirement: Requirement;
      readonly position: Position;
    }
  | { readonly kind: 'granted' | 'denied'; readonly position: Position }
  | { readonly kind: 'valid-user' | 'local' | 'ssl' | 'ssl-verify-client'; readonly position: Position }
  | {
      readonly kind: 'user' | 'group' | 'wsgi-group' | 'host' | 'forward-dns' | 'env' | 'method';
      readonly names: readonly string[];
      readonly position: Position;
    }
  | { readonly kind: 'ip'; readonly ranges: readonly AddressRange[]; readonly position: Position }
  | {
      readonly kind: 'expr';
      readonly condition: Condition;
      /** As written. */
      readonly text: string;
      /** It speaks of REMOTE_USER: who it denies may authenticate. */
      readonly asksUser: boolean;
      readonly position: Position;
    };
