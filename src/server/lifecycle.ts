/** One request's way, on one page. Each step returns a value or a refusal; nobody calls back. */

import { headerValue } from '../http/index.js';
import type { Mapping, Route } from '../routing/index.js';
import { checkHead } from './check-head.js';
import { buildAuthEnviron } from './environ.js';
import { answerRefusal } from './error-answer.js';
import { Exchange } from './exchange.js';
import type { RequestRecord } from './request-record.js';
import { serveApplication } from './serve-application.js';
import { answerOtherMethods, findIndex, serveStaticFile } from './serve-file.js';
import { answerWithoutRoute } from './server-methods.js';
import { type Refusal, refuse, type Site } from './site.js';

/** How often an index may lead to another directory. */
const maxIndexDepth = 10;

/** Serves one request and returns what was found out about it; the promise never rejects. */
export async function serveRequest(record: RequestRecord, site: Site): Promise<Exchange> {
  const exchange = new Exchange(record, site);
  try {
    const refusal = await answer(exchange);
    if (refusal !== undefined) writeRefusal(exchange, refusal);
  } catch (error) {
    // A bug of ours: the log learns the cause, the client that something went wrong.
    exchange.log('crit', 'core', `internal error: ${(error as Error).stack ?? String(error)}`);
    if (record.reply.isStarted) record.reply.cut();
    else answerRefusal(record, refuse(500, 'core', ''), site.software);
  }
  return exchange;
}

async function answer(exchange: Exchange): Promise<Refusal | undefined> {
  const malformed = checkHead(exchange);
  if (malformed !== undefined) return malformed;
  const early = answerWithoutRoute(exchange);
  if (early !== 'continue') return early;
  return answerPath(exchange, exchange.path as string, 0);
}

async function answerPath(exchange: Exchange, path: string, depth: number): Promise<Refusal | undefined> {
  const route = exchange.site.router.route(exchange.virtualHost, path);
  exchange.path = path;
  exchange.route = route;
  const denied = await authorise(exchange, route);
  if (denied !== undefined) return denied;
  // As late as in httpd: what SetEnv says is no ground for access.
  if (route.settings.environment !== undefined) exchange.environment.addSettings(route.settings.environment);
  return serveMapping(exchange, route, depth);
}

async function serveMapping(exchange: Exchange, route: Route, depth: number): Promise<Refusal | undefined> {
  const { mapping } = route;
  switch (mapping.kind) {
    case 'script':
      exchange.handler = 'wsgi-script';
      exchange.filename = mapping.scriptFile;
      return serveApplication(exchange, mapping);
    case 'file':
      return serveStaticFile(exchange, mapping);
    case 'directory': {
      const index = findIndex(exchange, mapping);
      if (index.kind === 'refusal') return index;
      // An index is a request of its own: sections and Require may differ from the directory's.
      return depth < maxIndexDepth
        ? answerPath(exchange, index.path, depth + 1)
        : refuse(500, 'core', 'too many internal redirects by DirectoryIndex');
    }
    case 'missing': {
      exchange.filename = mapping.filename;
      const other = answerOtherMethods(exchange);
      return other === 'serve' ? refuseMissing(mapping) : other;
    }
    case 'forbidden':
      exchange.filename = mapping.filename;
      return refuse(403, 'core', `${mapping.reason}: ${mapping.filename}`);
  }
}

/** As Apache and mod_wsgi: what visitors mistype is noted at info, a mount that leads nowhere is an error. */
function refuseMissing({ filename, reason, isScript }: Extract<Mapping, { kind: 'missing' }>): Refusal {
  const text = filename === '' ? reason : `${reason}: ${filename}`;
  return isScript ? refuse(404, 'wsgi', text) : refuse(404, 'core', text, 'info');
}

async function authorise(exchange: Exchange, route: Route): Promise<Refusal | undefined> {
  const { record, site } = exchange;
  const verdict = await site.authorizer.decide(
    {
      method: record.method,
      authorization: headerValue(record.headers, 'authorization'),
      clientAddress: record.connection.clientAddress,
      localAddress: record.connection.localAddress,
      environ: () => buildAuthEnviron(exchange),
      environment: (name) => exchange.environment.get(name),
    },
    route.settings,
  );
  exchange.user = verdict.user;
  exchange.authType = verdict.kind === 'granted' ? verdict.authType : undefined;
  if (verdict.kind === 'granted') return undefined;
  return {
    kind: 'refusal',
    status: verdict.status,
    ...(verdict.reason === undefined ? {} : { log: verdict.reason }),
    ...(verdict.challenge === undefined ? {} : { headers: ['WWW-Authenticate', verdict.challenge] }),
  };
}

function writeRefusal(exchange: Exchange, refusal: Refusal): void {
  const { log } = refusal;
  if (log !== undefined) exchange.log(log.level, log.module, log.text);
  answerRefusal(exchange.record, refusal, exchange.site.software);
}
