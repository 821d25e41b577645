import type { IncomingMessage, ServerResponse } from 'node:http';
import { Server as NetServer } from 'node:net';
import type { CallInterface } from '../../wire/index.js';
import type { FetchCallable } from './call-fetch.js';
import type { NodeHandler } from './call-node.js';
import type { UpgradeHandler } from './call-upgrade.js';
import type { WsgiCallable } from './call-wsgi.js';
import type { ModuleExports } from './module-exports.js';

export type Application =
  | { readonly convention: 'wsgi'; readonly callable: WsgiCallable }
  | { readonly convention: 'fetch'; readonly callable: FetchCallable }
  | {
      readonly convention: 'node';
      readonly callable: NodeHandler;
      /** Absent: no server is known that could listen for it. */
      readonly upgrade?: UpgradeHandler;
    };

/** Why a script file has no application that could be called: what to change, for the error log. */
export interface Refusal {
  readonly refusal: string;
}

/** What the alias asks for. */
export interface Wanted {
  readonly callableName: string;
  readonly callInterface: CallInterface;
}

/** Name of the callable unless WSGICallableObject says another. */
const defaultCallableName = 'application';
/** Names under which JavaScript exports its application, in this order, after the callable's. */
const customaryNames = ['default', 'app', 'handler', 'server'];

/** What a WSGIHandlerScript answers with, as JavaScript would call it. */
const inJavaScript: Readonly<Record<string, string>> = { handle_request: 'handleRequest' };

/**
 * Finds the application among a script's exports, or takes the server that the script wanted to start, and decides how it is
 * called. Waits for what an instance needs to become ready.
 */
export async function findApplication(
  exports: ModuleExports,
  wanted: Wanted,
  captured: object | undefined,
): Promise<Application | Refusal> {
  const found = await findExport(exports, wanted.callableName);
  if (found !== undefined)
    return withUpgrades(await decideConvention(found.value, found.name, wanted), [found.value, captured]);
  if (captured !== undefined && isDefaultName(wanted.callableName))
    return withUpgrades(await decideConvention(captured, 'the server that listens', wanted), [captured]);
  return { refusal: describeMissing(exports, wanted.callableName) };
}

/** Handshakes go to the server of the application, or to the one that the script started with it. */
function withUpgrades(
  application: Application | Refusal,
  candidates: readonly unknown[],
): Application | Refusal {
  if (!('convention' in application) || application.convention !== 'node') return application;
  const servers = candidates.flatMap((value) => serverOf(value) ?? []);
  if (servers.length === 0) return application;
  return {
    ...application,
    upgrade: (request, socket, head) => {
      const server = servers.find((one) => one.listenerCount('upgrade') > 0);
      return server?.emit('upgrade', request, socket, head) ?? false;
    },
  };
}

function serverOf(value: unknown): NetServer | undefined {
  const { server, getHttpServer } = (value ?? {}) as { server?: unknown; getHttpServer?: () => unknown };
  const kind = kindOf(value);
  const candidate = kind === 'nest' ? getHttpServer?.call(value) : kind === 'fastify' ? server : value;
  return candidate instanceof NetServer ? candidate : undefined;
}

interface Found {
  readonly name: string;
  readonly value: unknown;
}

async function findExport(exports: ModuleExports, callableName: string): Promise<Found | undefined> {
  // A name that somebody chose is meant: another application in its place could have other rules.
  const names = isDefaultName(callableName) ? [callableName, ...customaryNames] : [callableName];
  for (const name of names) {
    const exported = exports.get(name) ?? exports.get(inJavaScript[name] ?? name);
    if (exported === undefined || exported === null) continue;
    // Fastify is a thenable itself, so look first and wait then.
    const value = kindOf(exported) === undefined && isPromise(exported) ? await wrap(exported) : { exported };
    // The exports object of a CommonJS module is not an application; what it holds is looked at next.
    const isExportsObject = name === 'default' && typeof value.exported === 'object';
    if (!isExportsObject || kindOf(value.exported) !== undefined) return { name, value: value.exported };
  }
  return undefined;
}

/** Wrapped, so that a thenable application is not awaited once more. */
async function wrap(promise: Promise<unknown>): Promise<{ exported: unknown }> {
  return promise.then((exported) => ({ exported }));
}

async function decideConvention(
  value: unknown,
  name: string,
  wanted: Wanted,
): Promise<Application | Refusal> {
  switch (wanted.callInterface) {
    case 'fetch':
      return asFetch(value) ?? refuseInterface(name, 'fetch', 'an object with fetch(), or a function');
    case 'wsgi':
      return typeof value === 'function' && !isClass(value)
        ? { convention: 'wsgi', callable: value as WsgiCallable }
        : refuseInterface(name, 'wsgi', 'a function (environ, startResponse)');
    case 'node':
      return (
        (await asNodeInstance(value)) ??
        asNodeFunction(value) ??
        refuseInterface(
          name,
          'node',
          'a function (request, response), an http.Server or a framework instance',
        )
      );
    case 'auto':
      return detectConvention(value, name, wanted.callableName);
  }
}

/** The table of the README: the first row that fits. */
async function detectConvention(
  value: unknown,
  name: string,
  callableName: string,
): Promise<Application | Refusal> {
  if (kindOf(value) === 'fetch') {
    const application = asFetch(value);
    if (application !== undefined) return application;
  }
  const instance = await asNodeInstance(value);
  if (instance !== undefined) return instance;
  if (typeof value !== 'function') return { refusal: `${name} is ${describe(value)}. ${threeWays}` };
  if (isClass(value))
    return { refusal: `${name} is a class; export an object made from it, not the class. ${threeWays}` };
  const isCallable = name === callableName && !customaryNames.includes(name);
  if (isCallable && value.length === 2) return { convention: 'wsgi', callable: value as WsgiCallable };
  if (!isCallable && (value.length === 2 || value.length === 3))
    return { convention: 'node', callable: value as NodeHandler };
  const parameters = `${value.length} parameter${value.length === 1 ? '' : 's'}`;
  return {
    refusal: `${name} is a function with ${parameters}, which can be meant in several ways. ${threeWays}`,
  };
}

const threeWays = `Say which is meant:
  export default { fetch(request, env, ctx) { ... } }           Fetch: returns a Response
  export default function (request, response) { ... }           Node: as for http.createServer()
  export function application(environ, startResponse) { ... }   WSGI: returns an iterable of bytes
or set interface=fetch, interface=node or interface=wsgi on WSGIScriptAlias (or WSGIApplicationInterface).`;

type Kind = 'fetch' | 'nest' | 'server' | 'fastify' | 'express' | 'koa';

/** What kind of application object this is, by its members; undefined for plain functions and anything else. */
function kindOf(value: unknown): Kind | undefined {
  if ((typeof value !== 'object' || value === null) && typeof value !== 'function') return undefined;
  if (hasMethods(value, 'fetch')) return 'fetch';
  // Before the others, since it passes on the members of the framework inside.
  if (hasMethods(value, 'getHttpAdapter')) return 'nest';
  if (value instanceof NetServer) return 'server';
  if (hasMethods(value, 'routing', 'ready')) return 'fastify';
  if (typeof value === 'function') return hasMethods(value, 'handle', 'use') ? 'express' : undefined;
  return hasMethods(value, 'callback') ? 'koa' : undefined;
}

/** Members are looked up with the value itself as receiver, as a call would. */
function hasMethods(value: object, ...names: readonly string[]): boolean {
  return names.every((name) => typeof (value as Record<string, unknown>)[name] === 'function');
}

interface Instance {
  fetch: FetchCallable;
  getHttpAdapter(): { getInstance(): unknown };
  init(): Promise<unknown>;
  ready(): PromiseLike<unknown>;
  routing: NodeListener;
  callback(): NodeListener;
}

type NodeListener = (request: IncomingMessage, response: ServerResponse) => unknown;

function asFetch(value: unknown): Application | undefined {
  if (kindOf(value) === 'fetch') {
    const target = value as Instance;
    return {
      convention: 'fetch',
      callable: (request, env, context) => target.fetch(request, env, context),
    };
  }
  if (typeof value !== 'function' || isClass(value)) return undefined;
  return { convention: 'fetch', callable: value as FetchCallable };
}

async function asNodeInstance(value: unknown): Promise<Application | undefined> {
  const instance = value as Instance;
  switch (kindOf(value)) {
    case 'server': {
      const server = value as NetServer;
      if (server.listenerCount('request') === 0)
        return server.listenerCount('upgrade') > 0 ? nodeApplication(refuseWithoutUpgrade) : undefined;
      return nodeApplication((request, response) => {
        server.emit('request', request, response);
      });
    }
    case 'fastify':
      await instance.ready().then(() => undefined);
      return nodeApplication((request, response) => instance.routing(request, response));
    case 'nest':
      await instance.init();
      return (
        (await asNodeInstance(instance.getHttpAdapter().getInstance())) ??
        asNodeFunction(instance.getHttpAdapter().getInstance())
      );
    case 'express':
      // Without `next`, as under node:http: then it answers errors and unknown paths itself.
      return nodeApplication((request, response) => (value as NodeListener)(request, response));
    case 'koa':
      return nodeApplication(instance.callback());
    default:
      return undefined;
  }
}

/** A server that speaks nothing but WebSocket. */
function refuseWithoutUpgrade(_: IncomingMessage, response: ServerResponse): void {
  response.writeHead(426, { 'Content-Type': 'text/plain' }).end('Upgrade Required\n');
}

function asNodeFunction(value: unknown): Application | undefined {
  return typeof value === 'function' && !isClass(value) ? nodeApplication(value as NodeHandler) : undefined;
}

function nodeApplication(callable: NodeHandler): Application {
  return { convention: 'node', callable };
}

function isDefaultName(callableName: string): boolean {
  return callableName === '' || callableName === defaultCallableName;
}

function isPromise(value: unknown): value is Promise<unknown> {
  return typeof value === 'object' && value !== null && hasMethods(value, 'then');
}

function isClass(value: (...parameters: never[]) => unknown): boolean;
function isClass(value: object): boolean;
function isClass(value: object): boolean {
  return typeof value === 'function' && /^class\b/.test(Function.prototype.toString.call(value));
}

function refuseInterface(name: string, callInterface: string, expected: string): Refusal {
  return { refusal: `${name} cannot be called with interface=${callInterface}: that needs ${expected}.` };
}

function describe(value: unknown): string {
  return typeof value === 'object' ? 'an object that is no application of a known kind' : `a ${typeof value}`;
}

function describeMissing(exports: ModuleExports, callableName: string): string {
  const { names } = exports;
  const there = names.length === 0 ? 'it exports nothing' : `its exports are ${names.join(', ')}`;
  return isDefaultName(callableName)
    ? `it exports no application (looked for ${[defaultCallableName, ...customaryNames].join(', ')}; ${there}). ${threeWays}`
    : `it exports nothing named ${callableName} (WSGICallableObject); ${there}.`;
}
