import type { Exchange } from './exchange.js';
import { type Refusal, refuse } from './site.js';

/** What the handler of static files does for a method (httpd): POST gets the file, and its body is discarded. */
const servedMethods = new Set(['GET', 'HEAD', 'POST']);

/** OPTIONS is answered here, whether there is a file or not; methods that files do not know are 405. */
export function answerOtherMethods(exchange: Exchange): 'serve' | Refusal | undefined {
  const { method } = exchange;
  if (servedMethods.has(method)) return 'serve';
  if (method !== 'OPTIONS') {
    return {
      ...refuse(405, 'core', `method ${method} on a file`, 'info'),
      headers: ['Allow', allowedMethods(exchange)],
    };
  }
  answerOptions(exchange);
  return undefined;
}

/** What can be done with a file. */
export function answerOptions(exchange: Exchange): void {
  const { reply } = exchange.record;
  reply.start(200, '', [
    'Server',
    exchange.site.software,
    'Allow',
    allowedMethods(exchange),
    'Content-Length',
    '0',
  ]);
  reply.end();
}

function allowedMethods({ virtualHost }: Exchange): string {
  return `GET,POST,OPTIONS,HEAD${virtualHost.settings.traceEnable === 'off' ? '' : ',TRACE'}`;
}
