import type { ErrorDocument } from '../config/model.js';
import { evaluateText } from '../expressions/index.js';
import {
  encodeLocation,
  errorPage,
  htmlEscape,
  reasonPhrase,
  type Signature,
  toByteString,
} from '../http/index.js';
import type { Exchange } from './exchange.js';
import { createSubject } from './expression-subject.js';
import type { Refusal } from './site.js';
import { type Started, startOwnPage } from './start-answer.js';

/** Behind these nothing more of the connection can be trusted, or wanted (as httpd). */
const closingStatuses = new Set([400, 408, 411, 413, 414, 500, 501, 503]);

export function closesConnection(status: number): boolean {
  return closingStatuses.has(status);
}

/** What ErrorDocument says of a status, where the request got to. */
export function selectErrorDocument(exchange: Exchange, status: number): ErrorDocument {
  return exchange.settings.errorDocuments?.get(status) ?? { kind: 'default' };
}

/** Answers with ErrorDocument's text or URL, else with the page of the server. The cause stays in the log. */
export function answerRefusal(
  exchange: Exchange,
  refusal: Refusal,
  document: Exclude<ErrorDocument, { kind: 'path' }>,
): void {
  switch (document.kind) {
    case 'text': {
      const text = toByteString(document.text);
      // iso-8859-1 is what httpd calls it, whatever it is.
      return writeAnswer(exchange, refusal, text, text === document.text ? 'iso-8859-1' : 'utf-8');
    }
    case 'expression':
      return answerExpression(exchange, refusal, document.text);
    case 'url': {
      const headers = ['Location', encodeLocation(toByteString(document.url)), ...keptHeaders(refusal)];
      return answerPage(exchange, { kind: 'refusal', status: 302, headers });
    }
    case 'default':
      return answerPage(exchange, refusal);
  }
}

/** What a client may have sent is text, never markup. */
function answerExpression(
  exchange: Exchange,
  refusal: Refusal,
  text: Extract<ErrorDocument, { kind: 'expression' }>['text'],
): void {
  const { status } = refusal;
  const evaluation = evaluateText(text, createSubject(exchange, { status }), htmlEscape);
  if (evaluation.kind === 'settled') {
    const isAscii = toByteString(evaluation.text) === evaluation.text;
    return writeAnswer(exchange, refusal, evaluation.text, isAscii ? 'iso-8859-1' : 'utf-8');
  }
  exchange.log('error', 'core', `the text of ErrorDocument ${status} cannot be made: ${evaluation.reason}`);
  answerPage(exchange, refusal);
}

/** The page of the server. `secondStatus`: what came of the page that was to be shown. */
export function answerPage(exchange: Exchange, refusal: Refusal, secondStatus?: number): void {
  const { serverAdmin } = exchange.virtualHost.settings;
  const signature = signatureOf(exchange);
  const page = errorPage(refusal.status, {
    ...(exchange.record.method === '' ? {} : { method: exchange.record.method }),
    ...(refusal.reason === undefined ? {} : { phrase: refusal.reason }),
    ...(refusal.hint === undefined ? {} : { hint: refusal.hint }),
    ...(signature === undefined ? {} : { signature }),
    ...(serverAdmin === undefined ? {} : { admin: toByteString(serverAdmin) }),
    ...(secondStatus === undefined ? {} : { secondStatus }),
  });
  writeAnswer(exchange, refusal, page, 'iso-8859-1');
}

/** Fields of a refusal that hold whatever page is shown. */
export function keptHeaders({ headers = [] }: Refusal): string[] {
  const kept: string[] = [];
  for (let at = 0; at < headers.length; at += 2) {
    const name = headers[at] as string;
    if (!/^(location|content-)/i.test(name)) kept.push(name, headers[at + 1] as string);
  }
  return kept;
}

function signatureOf(exchange: Exchange): Signature | undefined {
  const { serverSignature = 'off' } = exchange.settings;
  if (serverSignature === 'off') return undefined;
  const { serverAdmin } = exchange.virtualHost.settings;
  const isLink = serverSignature === 'email' && serverAdmin !== undefined;
  return {
    software: exchange.site.software,
    ...exchange.selfName,
    ...(isLink ? { admin: toByteString(serverAdmin) } : {}),
  };
}

function writeAnswer(exchange: Exchange, refusal: Refusal, text: string, charset: string): void {
  const started = sendPage(exchange, refusal, text, charset, 'with-rules');
  if (started.kind === 'started') return;
  // A page without what the site file wants to go with it says nothing but that.
  exchange.log('error', 'headers', started.reason);
  const page = errorPage(500, { method: exchange.record.method });
  sendPage(exchange, { kind: 'refusal', status: 500 }, page, 'iso-8859-1', 'without-rules');
}

function sendPage(
  exchange: Exchange,
  { status, reason, headers = [] }: Refusal,
  text: string,
  charset: string,
  how: 'with-rules' | 'without-rules',
): Started {
  const { reply } = exchange.record;
  if (closesConnection(status)) reply.closeConnection();
  const body = Buffer.from(text, 'latin1');
  const hasBody = status !== 304 && status !== 204;
  const type = `text/html; charset=${charset}`;
  const page = ['Content-Length', String(body.length), 'Content-Type', type];
  const head = {
    status,
    reason: reason || reasonPhrase(status),
    headers: [...headers, ...(hasBody ? page : [])],
  };
  const started = startOwnPage(exchange, head, how);
  if (started.kind === 'fault') return started;
  if (hasBody) reply.write(body);
  reply.end();
  return started;
}
