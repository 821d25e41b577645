import type { HeaderRule } from '../config/model.js';
import { type HeaderList, headerValues, setHeader } from '../http/index.js';
import type { Exchange } from './exchange.js';
import { createSubject, joinedHeader } from './expression-subject.js';
import { applyHeaderRules, type ChangedHeaders, type HeaderFacts } from './header-rules.js';
import { withoutForgedHeaders } from './identity-headers.js';
import { type Refusal, refuse } from './site.js';

/**
 * RequestHeader, when it is known who asks: applications, other servers, and whoever looks at `exchange.headers` from here on see what
 * comes of it, and nothing that a client sent in the name of this server.
 */
export function changeRequestHeaders(exchange: Exchange): Refusal | undefined {
  const rules = exchange.settings.requestHeaders ?? [];
  const kept = withoutForgedHeaders(exchange.headers, exchange.site.config, rules);
  if (kept !== exchange.headers)
    exchange.site.trace?.({
      stage: 'headers',
      text: 'fields that pass for what this server says are left out',
    });
  exchange.headers = kept;
  return applyToRequest(exchange, rules);
}

/** RequestHeader and Header with `early`, before anybody has looked at the request; the latter is kept for the answer. */
export function changeHeadersEarly(exchange: Exchange): Refusal | undefined {
  const { request, response } = exchange.virtualHost.earlyHeaders;
  const refusal = applyToRequest(exchange, request);
  if (refusal !== undefined || response.length === 0) return refusal;
  for (const table of ['always', 'onsuccess'] as const) {
    const rules = response.filter((rule) => rule.table === table);
    const changed = applyHeaderRules(
      rules,
      [],
      factsOf(exchange, (responseHeaders) => createSubject(exchange, { responseHeaders })),
    );
    if (changed.kind === 'fault') return refuseFault(500, 'Header', changed);
    exchange.earlyAnswer = { ...exchange.earlyAnswer, [table]: changed.headers };
  }
  return undefined;
}

function applyToRequest(exchange: Exchange, rules: readonly HeaderRule[]): Refusal | undefined {
  if (rules.length === 0) return undefined;
  const changed = applyHeaderRules(
    rules,
    joinChanged(exchange.headers, rules),
    factsOf(exchange, (fields) => ({
      ...createSubject(exchange),
      // A rule sees what those before it have made.
      requestHeader: (name) => joinedHeader(fields, name),
    })),
  );
  // Only what the client sent can make a value that is none.
  if (changed.kind === 'fault') return refuseFault(400, 'RequestHeader', changed);
  exchange.headers = changed.headers;
  return undefined;
}

function factsOf(exchange: Exchange, subject: HeaderFacts['subject']): HeaderFacts {
  return {
    subject,
    startedAt: exchange.record.startedAt,
    requestHeaders: exchange.headers,
    keepNote: (name, value) => exchange.notes.set(name.toLowerCase(), value),
    trace: exchange.site.trace,
  };
}

function refuseFault(
  status: number,
  directive: string,
  { rule, reason }: Extract<ChangedHeaders, { kind: 'fault' }>,
): Refusal {
  const { file, line } = rule.position;
  return refuse(status, 'headers', `${directive} at ${file}:${line}: ${reason}`);
}

/** httpd reads several fields of one name as one; to edit or to add to a value, there has to be one. */
function joinChanged(headers: HeaderList, rules: readonly HeaderRule[]): HeaderList {
  let joined = headers;
  for (const { change } of rules) {
    if (!('name' in change)) continue;
    const values = headerValues(joined, change.name);
    if (values.length > 1)
      joined = setHeader(joined, change.name, values.join(/^cookie$/i.test(change.name) ? '; ' : ', '));
  }
  return joined;
}
