import { Server as HttpServer } from 'node:http';
import { Server as HttpsServer } from 'node:https';
import { type AddressInfo, Server as NetServer } from 'node:net';
import { executionContext } from './execution-context.js';

/**
 * From now on, an HTTP server that a script file starts by itself opens no port: the server becomes what the script
 * hosts. It believes that it listens, so that the script goes on as written. Other servers are left alone.
 */
export function captureListening(): void {
  const listen = NetServer.prototype.listen;
  NetServer.prototype.listen = function (this: NetServer, ...parameters: unknown[]): NetServer {
    const context = executionContext.getStore();
    const isHttp = this instanceof HttpServer || this instanceof HttpsServer;
    if (context?.kind !== 'loading' || !isHttp) return Reflect.apply(listen, this, parameters) as NetServer;
    pretendToListen(this, parameters);
    context.captureServer(this);
    return this;
  } as NetServer['listen'];
}

function pretendToListen(server: NetServer, parameters: readonly unknown[]): void {
  let listening = true;
  const address: AddressInfo = { address: '127.0.0.1', family: 'IPv4', port: portOf(parameters) };
  Object.defineProperty(server, 'listening', { configurable: true, get: () => listening });
  server.address = () => (listening ? address : null);
  server.close = (callback) => {
    listening = false;
    process.nextTick(() => {
      server.emit('close');
      callback?.();
    });
    return server;
  };
  const callback = parameters.at(-1);
  if (typeof callback === 'function') server.once('listening', callback as () => void);
  process.nextTick(() => server.emit('listening'));
}

/** Of `listen(port, …)` and `listen({ port })`; 0 for sockets and handles. */
function portOf([first]: readonly unknown[]): number {
  const port = typeof first === 'object' && first !== null ? (first as { port?: unknown }).port : first;
  return Number.isInteger(Number(port)) ? Number(port) : 0;
}
