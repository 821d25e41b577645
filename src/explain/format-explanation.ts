import type { Position } from '../config/model.js';
import type { Step } from '../trace/index.js';
import type { ExplainedProxying, Explanation } from './explanation.js';

/** For people, from top to bottom the way that the request takes. */
export function formatExplanation(explanation: Explanation): string {
  const { request, virtualHost, path, mapping, proxied, application, access, answer, log, steps } =
    explanation;
  const firstAsked = steps.findIndex(({ stage }) => stage === 'access' || stage === 'user');
  const [before, after] =
    firstAsked === -1 ? [steps, []] : [steps.slice(0, firstAsked), steps.slice(firstAsked)];
  const lines = [
    `${request.method} ${request.target}  Host ${request.host}, from ${request.client}, to ${request.local}`,
    row('virtual host', virtualHost.name, virtualHost.position),
    `${indent}${virtualHost.why}`,
    ...(path === undefined ? [] : [row('path', path)]),
    ...formatSteps(before),
    ...(mapping === undefined ? [] : formatMapping(mapping)),
    ...explanation.sections.map(({ text, position }, at) => row(at === 0 ? 'sections' : '', text, position)),
    ...explanation.settings.map(({ name, value, from }, at) =>
      row(at === 0 ? 'settings' : '', `${name} = ${value}`, from[0]),
    ),
    ...formatSteps(after),
    row('verdict', access.outcome),
    ...access.assumptions.map((text) => `${indent}assumed: ${text}`),
    ...(proxied === undefined ? [] : formatProxying(proxied)),
    ...(application === undefined ? [] : formatApplication(application)),
    row(
      'answer',
      answer.status === undefined
        ? `what the ${proxied === undefined ? 'application' : 'other server'} says`
        : String(answer.status),
    ),
    ...pairs(answer.headers).map(([name, value]) => `${indent}${name}: ${value}`),
    ...log.error.map((line, at) => row(at === 0 ? 'error log' : '', line)),
    ...log.access.map((line, at) => row(at === 0 ? 'access log' : '', line)),
  ];
  return `${lines.map(printable).join('\n')}\n`;
}

const width = 14;
const indent = ' '.repeat(width);

function row(label: string, text: string, position?: Position): string {
  return `${label.padEnd(width)}${text}${position === undefined ? '' : `  (${position.file}:${position.line})`}`;
}

/** The name of a stage only where it changes. */
function formatSteps(steps: readonly Step[]): string[] {
  return steps.map(({ stage, text, position, depth = 0 }, at) =>
    row(stage === steps[at - 1]?.stage ? '' : stage, '  '.repeat(depth) + text, position),
  );
}

function formatMapping(mapping: NonNullable<Explanation['mapping']>): string[] {
  const names: Record<string, string> = {
    missing: 'nothing there',
    forbidden: 'not accessible',
    proxied: 'another server:',
  };
  return [
    row('leads to', `${names[mapping.kind] ?? mapping.kind} ${mapping.filename}`),
    ...(mapping.scriptName === undefined
      ? []
      : [`${indent}SCRIPT_NAME '${mapping.scriptName}', PATH_INFO '${mapping.pathInfo ?? ''}'`]),
  ];
}

function formatProxying({
  url,
  position,
  method,
  path,
  headers,
  timeLimits,
  isTunnel,
}: ExplainedProxying): string[] {
  const limits = Object.entries(timeLimits).map(
    ([name, seconds]) => `${name} ${seconds === 0 ? 'off' : `${seconds} s`}`,
  );
  return [
    row('passed on to', url, position),
    `${indent}${method} ${path}${isTunnel ? ', for a WebSocket' : ''}`,
    ...pairs(headers).map(([name, value]) => `${indent}${name}: ${value}`),
    row('time limits', limits.join(', ')),
  ];
}

function formatApplication(application: NonNullable<Explanation['application']>): string[] {
  const limits = Object.entries(application.timeLimits).map(
    ([name, seconds]) => `${name} ${seconds === 0 ? 'off' : `${seconds} s`}`,
  );
  return [
    row(
      'application',
      `${application.callable} of ${application.scriptFile} (${application.runtime}, interface ${application.callInterface})`,
    ),
    `${indent}process group ${application.processGroup}, application group ${application.applicationGroup}`,
    row('time limits', limits.join(', ')),
    ...pairs(application.environ).map(([name, value], at) =>
      row(at === 0 ? 'environ' : '', `${name} = ${value}`),
    ),
  ];
}

function pairs(flat: readonly string[]): [string, string][] {
  const result: [string, string][] = [];
  for (let at = 0; at + 1 < flat.length; at += 2) result.push([flat[at] as string, flat[at + 1] as string]);
  return result;
}

/** Control characters of a request or a file name must not reach the terminal. */
function printable(line: string): string {
  return line.replace(
    /[\x00-\x1f\x7f-\x9f]/g,
    (character) => `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`,
  );
}
