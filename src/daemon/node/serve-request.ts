import type { IncomingRequest } from '../../wire/index.js';
import { callFetch } from './call-fetch.js';
import { callNode } from './call-node.js';
import { callUpgrade } from './call-upgrade.js';
import { callWsgi, type WsgiSurroundings } from './call-wsgi.js';
import { RequestFacts } from './environ.js';
import { executionContext } from './execution-context.js';
import { toFileName } from './file-name.js';
import type { Application, Refusal } from './find-application.js';
import { findReloadRequired, isForReload } from './handler-reload.js';
import type { Replacement } from './replacement.js';
import { Reply } from './reply.js';
import type { ScriptFile } from './script-file.js';
import type { LoadFailure, Scripts } from './scripts.js';
import type { Stream } from './stream.js';

/** What a request needs of the process it runs in. */
export interface Host {
  readonly scripts: Scripts;
  readonly surroundings: WsgiSurroundings;
  /** Counts the reads from the front ends; see {@link ScriptFile.hasChanged}. */
  readonly arrival: number;
  readonly replacement: Replacement;
  /** The process does not end before the promise is settled. */
  keepAlive(promise: Promise<unknown>): void;
}

/** One request's way through the daemon process. Never throws: whatever happens ends the stream. */
export function serveRequest(stream: Stream, message: IncomingRequest, host: Host): void {
  const script = host.scripts.loadedFor(message.target);
  if (
    message.target.checkScript &&
    script?.hasChanged(host.arrival) === true &&
    host.replacement.concerns(script)
  ) {
    const { replacement } = host;
    void serveUnlessReplaced(stream, message, host, script, () => replacement.isForSuccessor(script));
    return;
  }
  const ask = script === undefined ? undefined : findReloadRequired(script, message);
  if (script !== undefined && ask !== undefined) {
    const { replacement } = host;
    const isForSuccessor = () => isForReload(ask, stream, message, script, replacement);
    void serveUnlessReplaced(stream, message, host, script, isForSuccessor);
    return;
  }
  serveLoaded(stream, message, host, script);
}

/** A successor of this process serves it, unless that takes too long or cannot be. */
async function serveUnlessReplaced(
  stream: Stream,
  message: IncomingRequest,
  host: Host,
  script: ScriptFile,
  isForSuccessor: () => Promise<boolean>,
): Promise<void> {
  let isOver = false;
  stream.onOver(() => {
    isOver = true;
  });
  if (await isForSuccessor()) stream.abort('retry', `the script ${script.path} is to be loaded anew`);
  else if (!isOver) serveLoaded(stream, message, host, script);
}

function serveLoaded(
  stream: Stream,
  message: IncomingRequest,
  host: Host,
  script: ScriptFile | undefined,
): void {
  const facts = new RequestFacts(message);
  const reply = new Reply(stream, facts.method, script?.path ?? toFileName(message.target.scriptFile));
  const application = script?.knownApplication(message.target);
  // Most requests find everything ready, and are called without a detour through promises.
  if (application !== undefined) callApplication(application, stream, reply, facts, message, host);
  else prepareAndCall(script, stream, reply, facts, message, host);
}

async function prepareAndCall(
  known: ScriptFile | undefined,
  stream: Stream,
  reply: Reply,
  facts: RequestFacts,
  message: IncomingRequest,
  host: Host,
): Promise<void> {
  const { target } = message;
  const result =
    known === undefined
      ? await host.scripts.load(toFileName(target.scriptFile), target.applicationGroup)
      : { script: known };
  if ('failure' in result) return failLoad(reply, result.failure);
  try {
    const application = await result.script.application(target);
    if (!reply.over) callApplication(application, stream, reply, facts, message, host);
  } catch (error) {
    reply.fail('the application did not become ready', error);
  }
}

function callApplication(
  application: Application | Refusal,
  stream: Stream,
  reply: Reply,
  facts: RequestFacts,
  message: IncomingRequest,
  host: Host,
): void {
  if ('refusal' in application) return refuse(reply, application);
  executionContext.run(reply, () => {
    try {
      switch (application.convention) {
        case 'node':
          if (message.target.wantsUpgrade === true && application.upgrade !== undefined) {
            if (callUpgrade(application.upgrade, stream, reply, facts, message.headers)) return;
          }
          return callNode(application.callable, stream, reply, facts, message.headers);
        case 'fetch':
          return callFetch(application.callable, stream, reply, facts, message.headers, host.keepAlive);
        case 'wsgi':
          return void callWsgi(
            application.callable,
            stream,
            reply,
            facts,
            message.headers,
            host.surroundings,
          ).catch((error: unknown) => reply.fail('the request could not be served', error));
      }
    } catch (error) {
      reply.fail('the request could not be served', error);
    }
  });
}

function refuse(reply: Reply, { refusal }: Refusal): void {
  const [first = '', ...rest] = refusal.split('\n');
  reply.log(`no application in ${reply.scriptFile}: ${first}`);
  for (const line of rest) reply.log(line);
  reply.fail('the script file has no application that can be called');
}

function failLoad(reply: Reply, { error, first }: LoadFailure): void {
  // Others waited for the same load: its traceback is in the log once.
  if (first) reply.fail('the script file could not be loaded', error);
  else reply.fail('the script file could not be loaded');
}
