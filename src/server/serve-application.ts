import type { ProcessGroup } from '../config/model.js';
import { headerValue, headerValues, reasonPhrase } from '../http/index.js';
import type {
  BodySource,
  Forwarding,
  ForwardOutcome,
  ForwardRequest,
  ResponseMessage,
  ResponseSink,
} from '../proxy/index.js';
import type { DispatchedNames, ScriptMapping } from '../routing/index.js';
import { buildEnvironParts, joinParts } from './application-environ.js';
import { checkBody } from './check-body.js';
import { dispatchRequest } from './dispatch-request.js';
import { closesConnection } from './error-answer.js';
import type { Exchange } from './exchange.js';
import { type Application, findApplication } from './find-application.js';
import { type HostedConnection, openHostedConnection } from './hosted-connection.js';
import type { SendableHead } from './response-head.js';
import { checkScriptOwner } from './script-owner.js';
import { type Refusal, refuse } from './site.js';
import { startAnswer } from './start-answer.js';
import { type Presented, presentForwarded } from './trusted-headers.js';

/** The application wants another path to be answered in its place: a path and perhaps a query, as a client writes them. */
export interface Resend {
  readonly kind: 'resend';
  readonly target: string;
}

/** undefined: answered. */
export type Served = Refusal | Resend | undefined;

/** Forwards the request to a daemon process of the group that hosts the script. */
export function serveApplication(exchange: Exchange, mapping: ScriptMapping): Served | Promise<Served> {
  const presented = presentRequest(exchange);
  const dispatched = dispatchRequest(exchange, mapping, presented);
  return dispatched instanceof Promise
    ? dispatched.then((made) => ('status' in made ? made : serveSelected(exchange, mapping, presented, made)))
    : serveSelected(exchange, mapping, presented, dispatched);
}

function serveSelected(
  exchange: Exchange,
  mapping: ScriptMapping,
  presented: Presented,
  dispatched: DispatchedNames,
): Served | Promise<Served> {
  const application = findApplication(exchange, mapping, dispatched);
  if (application.kind === 'refusal') return application;
  if (exchange.body?.isChunked && exchange.settings.chunkedRequest === false)
    return refuse(411, 'wsgi', 'chunked request body (WSGIChunkedRequest Off)');
  const tooLarge = checkBody(exchange);
  if (tooLarge !== undefined) return tooLarge;
  const { scriptOwner } = application.group;
  return scriptOwner === undefined
    ? callApplication(exchange, mapping, presented, application)
    : checkScriptOwner(mapping.scriptFile, scriptOwner).then(
        (foreign) => foreign ?? callApplication(exchange, mapping, presented, application),
      );
}

function callApplication(
  exchange: Exchange,
  mapping: ScriptMapping,
  presented: Presented,
  application: Application,
): Promise<Served> {
  const { record, site } = exchange;
  const { scriptFile, scriptName, pathInfo, handled } = mapping;
  const { group, runtime, selection, shared } = application;
  if (group.responseSocketTimeoutMs !== undefined) record.reply.setTimeout(group.responseSocketTimeoutMs);
  const { passAuthorization } = selection;
  const script = { scriptName, pathInfo, passAuthorization, runtime, shared };
  const built = buildEnvironParts(exchange, script, presented);
  // What a handler script is told depends on the URL: no daemon process shall remember it.
  const parts = handled === undefined ? built : joinParts(built);
  const wantsUpgrade = runtime === 'node' && record.upgrade === 'websocket' && exchange.redirects === 0;
  const sink = new ApplicationAnswer(exchange, application, wantsUpgrade);
  const request: ForwardRequest = {
    message: {
      scriptFile: application.scriptFile,
      applicationGroup: selection.applicationGroup,
      callableName: selection.callableObject,
      callInterface: selection.applicationInterface,
      checkScript: selection.scriptReloading,
      isHandlerScript: handled !== undefined,
      wantsUpgrade,
      called: application.called,
      environ: parts.environ,
      facts: parts.facts,
      shared: parts.shared,
      headers: parts.headers,
      sharedHeaders: parts.sharedHeaders,
    },
    body: exchange.body,
    sink,
    log: (level, line) => logOutput(exchange, scriptFile, level, line),
  };
  const forwarding = site.forward(selection.processGroup, runtime, request);
  sink.forwarding = forwarding;
  record.reply.onClosed((how) => {
    if (how === 'aborted') forwarding.abandon();
  });
  return forwarding.outcome.then((outcome) => {
    const refusal = reportOutcome(exchange, scriptFile, application, outcome);
    return sink.instead ?? refusal;
  });
}

/** The answer on its way from the application to the client. */
class ApplicationAnswer implements ResponseSink {
  /** Takes the place of what the application says, which is dropped. */
  instead: Refusal | Resend | undefined;
  /**
   * What is abandoned when a connection that has become a WebSocket is closed. Not as a callback made here, which would
   * know all of the request: then V8 kept requests that were long over until the next full collection (seen with Node 20).
   */
  forwarding: Forwarding | undefined;
  readonly #exchange: Exchange;
  readonly #reply: Exchange['record']['reply'];
  readonly #application: Application;
  readonly #maySwitch: boolean;
  /** The client's, once the application has made a WebSocket of it. */
  #connection: HostedConnection | undefined;

  constructor(exchange: Exchange, application: Application, maySwitch: boolean) {
    this.#exchange = exchange;
    this.#maySwitch = maySwitch;
    this.#reply = exchange.record.reply;
    this.#application = application;
  }

  head(response: ResponseMessage): Started & { readonly connection?: BodySource } {
    if (response.status === 101 && this.#maySwitch) return this.#switch(response);
    const started = startReply(this.#exchange, response, this.#application);
    if (started.accepted) this.instead = started.instead;
    return started;
  }

  write(piece: Buffer): boolean {
    return this.instead !== undefined || (this.#connection ?? this.#reply).write(piece);
  }

  writeText(text: string): boolean {
    return this.instead !== undefined || (this.#connection ?? this.#reply).writeText(text);
  }

  get isFlushed(): boolean {
    return this.instead !== undefined || (this.#connection === undefined && this.#reply.isFlushed === true);
  }

  onDrain(callback: () => void): void {
    (this.#connection ?? this.#reply).onDrain(callback);
  }

  end(): void {
    if (this.instead === undefined) (this.#connection ?? this.#reply).end();
  }

  cut(): void {
    if (this.instead === undefined) (this.#connection ?? this.#reply).cut();
  }

  #switch({ headers }: ResponseMessage): Started & { readonly connection?: BodySource } {
    const opened = openHostedConnection(this.#exchange, headers, () => this.forwarding?.abandon());
    if (typeof opened === 'string') return { accepted: false, reason: opened };
    this.#connection = opened;
    return { accepted: true, connection: opened.source };
  }
}

/** WSGITrustedProxyHeaders: the application sees what proxies in front say, not what the connection says. */
function presentRequest({ clientAddress, headers, settings, site }: Exchange): Presented {
  const { trustedHeaders, trustedProxies } = settings;
  if (trustedHeaders === undefined) return { headers, variables: noTexts, believed: noTexts };
  const presented = presentForwarded(headers, clientAddress, trustedHeaders, trustedProxies);
  const what = presented.believed.length === 0 ? 'nothing' : presented.believed.join(', ');
  site.trace?.({
    stage: 'headers',
    text: `the application believes ${what} (WSGITrustedProxyHeaders)`,
    position: trustedHeaders.position,
  });
  return presented;
}

const noTexts: readonly string[] = [];
const accepted = { accepted: true } as const;

type Started =
  /** `instead`: nothing of this answer is sent, another one takes its place. */
  | { readonly accepted: true; readonly instead?: Refusal | Resend }
  | { readonly accepted: false; readonly reason: string };

function startReply(exchange: Exchange, response: ResponseMessage, { group, heads }: Application): Started {
  const head = heads.prepare(response, group.headerBufferSize, exchange.settings.defaultCharset);
  if (head.kind === 'invalid') return { accepted: false, reason: head.reason };
  const instead = replaceAnswer(exchange, head);
  if (instead !== undefined) return { accepted: true, instead };
  const { reply } = exchange.record;
  if (exchange.errorStatus !== undefined && closesConnection(exchange.errorStatus)) reply.closeConnection();
  try {
    const started = startAnswer(exchange, head);
    return started.kind === 'started' ? accepted : { accepted: false, reason: started.reason };
  } catch (error) {
    return { accepted: false, reason: `the head cannot be sent: ${(error as Error).message}` };
  }
}

/** mod_wsgi's two answers that are none: 200 with a Location on this server, and errors under WSGIErrorOverride. */
function replaceAnswer(
  { settings }: Exchange,
  { status, headers }: SendableHead,
): Refusal | Resend | undefined {
  const location = status === 200 ? headerValue(headers, 'location') : undefined;
  if (location?.startsWith('/')) return { kind: 'resend', target: location };
  if (settings.errorOverride !== true || status < 400 || status > 599) return undefined;
  const challenges = headerValues(headers, 'www-authenticate');
  return {
    kind: 'refusal',
    // A status that nobody knows has no page.
    status: reasonPhrase(status) === '' ? 500 : status,
    headers: challenges.flatMap((challenge) => ['WWW-Authenticate', challenge]),
  };
}

/** One line that the application printed or raised: always at level error, as under mod_wsgi. */
function logOutput(exchange: Exchange, scriptFile: string, level: string, line: Buffer): void {
  const logLevel = level === 'info' || level === 'debug' || level === 'warn' ? level : 'error';
  exchange.log(logLevel, 'wsgi', `[script ${scriptFile}] ${line.toString('latin1')}`);
}

function whatIsMissing({ record }: Exchange): string {
  return record.body.isPresent && !record.body.isComplete ? 'the request body' : 'the response';
}

/** Why nothing more can be sent; `group`: of the daemon process whose answer it was. */
function whyGone(exchange: Exchange, group: ProcessGroup): string {
  const { stalledMs } = exchange.record.reply;
  if (stalledMs === undefined) return `the client left before ${whatIsMissing(exchange)} was complete`;
  const option = group.responseSocketTimeoutMs === undefined ? 'Timeout' : 'response-socket-timeout';
  return `the client took nothing of the response for ${stalledMs / 1000} s (${option})`;
}

function reportOutcome(
  exchange: Exchange,
  scriptFile: string,
  { group, selection: { processGroup } }: Application,
  outcome: ForwardOutcome,
): Refusal | undefined {
  if (outcome.kind === 'done') return undefined;
  const where = `[script ${scriptFile}, process group ${processGroup === '' ? '%{GLOBAL}' : processGroup}]`;
  switch (outcome.kind) {
    case 'refused':
      if (outcome.isClients === true) return refuse(outcome.status, 'core', outcome.reason);
      return refuse(outcome.status, 'wsgi', `${where} answered ${outcome.status}: ${outcome.reason}`);
    case 'cut':
      if (outcome.isClients === true)
        exchange.log('error', 'core', `the response was cut off: ${outcome.reason}`);
      else exchange.log('error', 'wsgi', `${where} the response was cut off: ${outcome.reason}`);
      return undefined;
    case 'gone':
      exchange.log('info', 'wsgi', `${where} ${whyGone(exchange, group)}`);
      return undefined;
  }
}
