import { evaluateText, type Text } from '../expressions/index.js';
import { withoutHeader } from '../http/index.js';
import type { Exchange } from './exchange.js';
import { createSubject } from './expression-subject.js';
import { type Refusal, refuse } from './site.js';

/** AuthBasicFake: puts other credentials into the place of the client's, for whoever is asked behind this server. */
export function fakeCredentials(exchange: Exchange): Refusal | undefined {
  const { authBasicFake: fake } = exchange.settings;
  if (fake === undefined || fake === 'off') return undefined;
  const user = makeText(exchange, fake.user);
  const password = makeText(exchange, fake.password);
  if (user === undefined || password === undefined)
    return refuse(500, 'auth_basic', 'the user or the password of AuthBasicFake cannot be made');
  // It would become part of the password, and another user.
  if (user.includes(':')) return refuse(500, 'auth_basic', 'the user of AuthBasicFake holds a colon');
  const credentials = Buffer.from(`${user}:${password}`, 'latin1').toString('base64');
  exchange.headers = [
    ...withoutHeader(exchange.headers, 'authorization'),
    'Authorization',
    `Basic ${credentials}`,
  ];
  return undefined;
}

function makeText(exchange: Exchange, text: Text): string | undefined {
  const made = evaluateText(text, createSubject(exchange));
  return made.kind === 'fault' ? undefined : made.text;
}
