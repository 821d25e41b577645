import type { ProcessGroup } from '../config/model.js';
import { readServerVariable } from '../expressions/index.js';
import { headerValue, headerValues, reasonPhrase } from '../http/index.js';
import type {
  BodySource,
  ForwardOutcome,
  ForwardRequest,
  ResponseMessage,
  ResponseSink,
  Runtime,
} from '../proxy/index.js';
import { runtimeOf, type ScriptMapping, selectApplication } from '../routing/index.js';
import { checkBody } from './check-body.js';
import { dispatchRequest } from './dispatch-request.js';
import { buildEnviron, describeMount, passedHeaders, type ScriptFacts, sharePairs } from './environ.js';
import { closesConnection } from './error-answer.js';
import type { Exchange } from './exchange.js';
import { type HostedConnection, openHostedConnection } from './hosted-connection.js';
import { prepareResponseHead, type SendableHead } from './response-head.js';
import { checkScriptOwner } from './script-owner.js';
import { type Refusal, refuse } from './site.js';
import { startAnswer } from './start-answer.js';
import { type Presented, presentForwarded } from './trusted-headers.js';

/** The application wants another path to be answered in its place: a path and perhaps a query, as a client writes them. */
export interface Resend {
  readonly kind: 'resend';
  readonly target: string;
}

/** Forwards the request to a daemon process of the group that hosts the script. */
export async function serveApplication(
  exchange: Exchange,
  mapping: ScriptMapping,
): Promise<Refusal | Resend | undefined> {
  const { record, site, settings, virtualHost } = exchange;
  const presented = presentRequest(exchange);
  const asked = dispatchRequest(exchange, mapping, presented);
  const dispatched = asked instanceof Promise ? await asked : asked;
  if ('status' in dispatched) return dispatched;
  const selection = selectApplication(
    { virtualHost, settings, mapping },
    {
      // As the site file has them: whoever could choose a part of them could have the script loaded any number of times.
      serverName: virtualHost.serverName?.host ?? record.connection.localAddress,
      serverPort: virtualHost.serverName?.port ?? record.connection.localPort,
      hostName: exchange.host?.host ?? '',
      scriptName: mapping.handled?.name ?? mapping.scriptName,
      requestEnvironment: (name) => exchange.environment.get(name) ?? readServerVariable(name),
    },
    site.processGroups,
    dispatched,
  );
  if (selection.kind === 'refusal')
    return refuse(
      selection.status,
      'wsgi',
      `[script ${mapping.scriptFile}] answered ${selection.status}: ${selection.reason}`,
    );
  if (exchange.body?.isChunked && settings.chunkedRequest === false)
    return refuse(411, 'wsgi', 'chunked request body (WSGIChunkedRequest Off)');
  const tooLarge = checkBody(exchange);
  if (tooLarge !== undefined) return tooLarge;
  const { scriptFile, scriptName, pathInfo, handled } = mapping;
  const { processGroup, applicationGroup, callableObject, passAuthorization } = selection;
  const script: ScriptFacts = {
    scriptFile,
    filename: handled?.filename ?? scriptFile,
    ...(handled === undefined ? {} : { handler: handled.name }),
    scriptName,
    pathInfo,
    processGroup,
    applicationGroup,
    callableObject,
    passAuthorization,
    mount: mapping.alias ?? handled?.script ?? virtualHost,
  };
  const runtime = runtimeOf(mapping.scriptFile);
  const group = site.processGroups.groups.get(selection.processGroup) ?? site.config.embeddedGroup;
  if (group.scriptOwner !== undefined) {
    const foreign = await checkScriptOwner(mapping.scriptFile, group.scriptOwner);
    if (foreign !== undefined) return foreign;
  }
  if (group.responseSocketTimeoutMs !== undefined) record.reply.setTimeout(group.responseSocketTimeoutMs);
  const wantsUpgrade = runtime === 'node' && record.upgrade === 'websocket' && exchange.redirects === 0;
  const sink = new ApplicationAnswer(exchange, group.headerBufferSize, wantsUpgrade);
  const request: ForwardRequest = {
    message: {
      scriptFile: mapping.scriptFile,
      applicationGroup: selection.applicationGroup,
      callableName: selection.callableObject,
      callInterface: selection.applicationInterface,
      checkScript: selection.scriptReloading,
      isHandlerScript: handled !== undefined,
      wantsUpgrade,
      ...environOf(exchange, script, runtime, presented),
      headers: runtime === 'node' ? passedHeaders(presented.headers, script.passAuthorization) : [],
    },
    body: exchange.body,
    sink,
    log: (level, line) => logOutput(exchange, mapping.scriptFile, level, line),
  };
  const forwarding = site.forward(selection.processGroup, runtime, request);
  sink.onGone = () => forwarding.abandon();
  record.reply.onClosed((how) => {
    if (how === 'aborted') forwarding.abandon();
  });
  const refusal = reportOutcome(exchange, script, group, await forwarding.outcome);
  return sink.instead ?? refusal;
}

/** What a handler script is told depends on the URL: nothing of it is worth being kept for the next request. */
function environOf(exchange: Exchange, script: ScriptFacts, runtime: Runtime, presented: Presented) {
  const environ = buildEnviron(exchange, script, runtime, presented);
  if (script.handler === undefined) return { environ, shared: sharePairs(exchange, script) };
  return { environ: [...environ, ...describeMount(exchange, script)] };
}

/** The answer on its way from the application to the client. */
class ApplicationAnswer implements ResponseSink {
  /** Takes the place of what the application says, which is dropped. */
  instead: Refusal | Resend | undefined;
  /** Called when a connection that has become a WebSocket is closed. */
  onGone: () => void = () => {};
  readonly #exchange: Exchange;
  readonly #reply: Exchange['record']['reply'];
  readonly #headerBufferSize: number;
  readonly #maySwitch: boolean;
  /** The client's, once the application has made a WebSocket of it. */
  #connection: HostedConnection | undefined;

  constructor(exchange: Exchange, headerBufferSize: number, maySwitch: boolean) {
    this.#exchange = exchange;
    this.#maySwitch = maySwitch;
    this.#reply = exchange.record.reply;
    this.#headerBufferSize = headerBufferSize;
  }

  head(response: ResponseMessage): Started & { readonly connection?: BodySource } {
    if (response.status === 101 && this.#maySwitch) return this.#switch(response);
    const started = startReply(this.#exchange, response, this.#headerBufferSize);
    if (started.accepted) this.instead = started.instead;
    return started;
  }

  write(piece: Buffer): boolean {
    return this.instead !== undefined || (this.#connection ?? this.#reply).write(piece);
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
    const opened = openHostedConnection(this.#exchange, headers, () => this.onGone());
    if (typeof opened === 'string') return { accepted: false, reason: opened };
    this.#connection = opened;
    return { accepted: true, connection: opened.source };
  }
}

/** WSGITrustedProxyHeaders: the application sees what proxies in front say, not what the connection says. */
function presentRequest({ clientAddress, headers, settings, site }: Exchange): Presented {
  const { trustedHeaders, trustedProxies } = settings;
  if (trustedHeaders === undefined) return { headers, variables: [], believed: [] };
  const presented = presentForwarded(headers, clientAddress, trustedHeaders, trustedProxies);
  const what = presented.believed.length === 0 ? 'nothing' : presented.believed.join(', ');
  site.trace?.({
    stage: 'headers',
    text: `the application believes ${what} (WSGITrustedProxyHeaders)`,
    position: trustedHeaders.position,
  });
  return presented;
}

type Started =
  /** `instead`: nothing of this answer is sent, another one takes its place. */
  | { readonly accepted: true; readonly instead?: Refusal | Resend }
  | { readonly accepted: false; readonly reason: string };

function startReply(exchange: Exchange, response: ResponseMessage, headerBufferSize: number): Started {
  const head = prepareResponseHead(response, headerBufferSize, exchange.settings.defaultCharset);
  if (head.kind === 'invalid') return { accepted: false, reason: head.reason };
  const instead = replaceAnswer(exchange, head);
  if (instead !== undefined) return { accepted: true, instead };
  const { reply } = exchange.record;
  if (closesConnection(exchange.errorStatus ?? 200)) reply.closeConnection();
  try {
    const started = startAnswer(exchange, head);
    return started.kind === 'started' ? { accepted: true } : { accepted: false, reason: started.reason };
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
  script: ScriptFacts,
  processGroup: ProcessGroup,
  outcome: ForwardOutcome,
): Refusal | undefined {
  const group = script.processGroup === '' ? '%{GLOBAL}' : script.processGroup;
  const where = `[script ${script.scriptFile}, process group ${group}]`;
  switch (outcome.kind) {
    case 'refused':
      return refuse(outcome.status, 'wsgi', `${where} answered ${outcome.status}: ${outcome.reason}`);
    case 'cut':
      exchange.log('error', 'wsgi', `${where} the response was cut off: ${outcome.reason}`);
      return undefined;
    case 'gone':
      exchange.log('info', 'wsgi', `${where} ${whyGone(exchange, processGroup)}`);
      return undefined;
    default:
      return undefined;
  }
}
