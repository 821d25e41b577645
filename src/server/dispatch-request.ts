import type { DispatchedNames, ScriptMapping } from '../routing/index.js';
import { buildEnviron, describeMount, type ScriptFacts } from './environ.js';
import type { Exchange } from './exchange.js';
import { type Refusal, refuse } from './site.js';
import type { Presented } from './trusted-headers.js';

/** As the site file says. */
export const keepsAll: DispatchedNames = {};

/**
 * What the WSGIDispatchScript of the place makes of groups and callable. Whoever cannot be told where a request belongs does not guess: then it
 * is refused, and goes nowhere.
 */
export function dispatchRequest(
  exchange: Exchange,
  mapping: ScriptMapping,
  presented: Presented,
): DispatchedNames | Promise<DispatchedNames | Refusal> {
  const { dispatchScript } = exchange.settings;
  return dispatchScript === undefined ? keepsAll : askScript(exchange, mapping, presented, dispatchScript);
}

async function askScript(
  exchange: Exchange,
  mapping: ScriptMapping,
  presented: Presented,
  script: NonNullable<Exchange['settings']['dispatchScript']>,
): Promise<DispatchedNames | Refusal> {
  const { site } = exchange;
  const { file, position } = script;
  site.trace?.({
    stage: 'dispatch',
    text: `${file} is asked for groups and callable (WSGIDispatchScript)`,
    position,
  });
  const facts = describeScript(exchange, mapping);
  const environ = [...buildEnviron(exchange, facts, presented), ...describeMount(exchange, facts)];
  const answer = await site.dispatch(script, environ);
  if (typeof answer !== 'string') return answer;
  const where = `${position.file}:${position.line}`;
  return refuse(
    500,
    'wsgi',
    `[script ${mapping.scriptFile}] answered 500: WSGIDispatchScript (${where}): ${answer}`,
  );
}

/** As the environ speaks of it before anything is chosen. */
function describeScript({ settings }: Exchange, mapping: ScriptMapping): ScriptFacts {
  const { scriptFile, scriptName, pathInfo, alias, handled } = mapping;
  const options = alias ?? handled?.script;
  return {
    scriptFile,
    filename: handled?.filename ?? scriptFile,
    ...(handled === undefined ? {} : { handler: handled.name }),
    scriptName,
    pathInfo,
    processGroup: '',
    applicationGroup: '',
    callableObject: '',
    passAuthorization: options?.passAuthorization ?? settings.passAuthorization ?? false,
  };
}
