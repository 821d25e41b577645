import type send from '@fastify/send';
import { requirePackage } from '../http/index.js';

/** The package @fastify/send, loaded when the first file is served: a site without files does without its 7 MB. */
export function loadSend(): typeof send {
  return requirePackage('@fastify/send') as typeof send;
}
