import type { ForwardOutcome, ForwardRequest, ResponseMessage } from '../proxy/index.js';
import { type Mapping, runtimeOf, selectApplication } from '../routing/index.js';
import { checkBody } from './check-body.js';
import { buildEnviron, passedHeaders, type ScriptFacts } from './environ.js';
import type { Exchange } from './exchange.js';
import { prepareResponseHead } from './response-head.js';
import { type Refusal, refuse } from './site.js';

type ScriptMapping = Extract<Mapping, { kind: 'script' }>;

/** Forwards the request to a daemon process of the group that hosts the script. */
export async function serveApplication(
  exchange: Exchange,
  mapping: ScriptMapping,
): Promise<Refusal | undefined> {
  const { record, site, route, virtualHost } = exchange;
  const settings = route?.settings ?? {};
  const self = exchange.selfName;
  const selection = selectApplication(
    { virtualHost, settings, mapping },
    {
      serverName: self.name,
      serverPort: self.port,
      hostName: exchange.host?.host ?? '',
      scriptName: mapping.scriptName,
      requestEnvironment: (name) => exchange.environment.get(name),
    },
    site.processGroups,
  );
  if (selection.kind === 'refusal')
    return refuse(
      selection.status,
      'wsgi',
      `[script ${mapping.scriptFile}] answered ${selection.status}: ${selection.reason}`,
    );
  if (record.body.isChunked && settings.chunkedRequest === false)
    return refuse(411, 'wsgi', 'chunked request body (WSGIChunkedRequest Off)');
  const refusal = checkBody(exchange);
  if (refusal !== undefined) return refusal;
  const script: ScriptFacts = { ...selection, ...mapping };
  const runtime = runtimeOf(mapping.scriptFile);
  const group = site.processGroups.groups.get(selection.processGroup) ?? site.config.embeddedGroup;
  const request: ForwardRequest = {
    message: {
      scriptFile: mapping.scriptFile,
      applicationGroup: selection.applicationGroup,
      callableName: selection.callableObject,
      callInterface: selection.applicationInterface,
      checkScript: selection.scriptReloading,
      environ: buildEnviron(exchange, script, runtime),
      headers: runtime === 'node' ? passedHeaders(exchange.headers, script.passAuthorization) : [],
    },
    ...(record.body.isPresent ? { body: record.body } : {}),
    sink: {
      head: (response) => startReply(exchange, response, group.headerBufferSize),
      write: (piece) => record.reply.write(piece),
      onDrain: (callback) => record.reply.onDrain(callback),
      end: () => record.reply.end(),
      cut: () => record.reply.cut(),
    },
    log: (level, line) => logOutput(exchange, mapping.scriptFile, level, line),
  };
  const forwarding = site.forward(selection.processGroup, runtime, request);
  record.reply.onClosed((how) => {
    if (how === 'aborted') forwarding.abandon();
  });
  return reportOutcome(exchange, script, await forwarding.outcome);
}

function startReply(exchange: Exchange, response: ResponseMessage, headerBufferSize: number) {
  const head = prepareResponseHead(response, headerBufferSize);
  if (head.kind === 'invalid') return { accepted: false, reason: head.reason } as const;
  try {
    exchange.record.reply.start(head.status, head.reason, [
      'Server',
      exchange.site.software,
      ...head.headers,
    ]);
    return { accepted: true } as const;
  } catch (error) {
    return { accepted: false, reason: `the head cannot be sent: ${(error as Error).message}` } as const;
  }
}

/** One line that the application printed or raised: always at level error, as under mod_wsgi. */
function logOutput(exchange: Exchange, scriptFile: string, level: string, line: Buffer): void {
  const logLevel = level === 'info' || level === 'debug' || level === 'warn' ? level : 'error';
  exchange.log(logLevel, 'wsgi', `[script ${scriptFile}] ${line.toString('latin1')}`);
}

function whatIsMissing({ record }: Exchange): string {
  return record.body.isPresent && !record.body.isComplete ? 'the request body' : 'the response';
}

function reportOutcome(
  exchange: Exchange,
  script: ScriptFacts,
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
      exchange.log('info', 'wsgi', `${where} the client left before ${whatIsMissing(exchange)} was complete`);
      return undefined;
    default:
      return undefined;
  }
}
