import type { Exchange } from './exchange.js';
import { type Refusal, refuse } from './site.js';
import { startAnswer } from './start-answer.js';

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
  return answerOptions(exchange);
}

/** What can be done with a file. */
export function answerOptions(exchange: Exchange): Refusal | undefined {
  const headers = ['Allow', allowedMethods(exchange), 'Content-Length', '0'];
  const started = startAnswer(exchange, { status: 200, reason: '', headers });
  if (started.kind === 'fault') return refuse(500, 'headers', started.reason);
  exchange.record.reply.end();
  return undefined;
}

function allowedMethods({ virtualHost }: Exchange): string {
  return `GET,POST,OPTIONS,HEAD${virtualHost.settings.traceEnable === 'off' ? '' : ',TRACE'}`;
}
