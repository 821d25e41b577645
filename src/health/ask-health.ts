import { applicationUrl } from '../http/index.js';
import type { DaemonAddress, HealthTarget, PoolPlan } from '../processes/index.js';
import { type ForwardRequest, forward, type GroupLimits, ProcessPool } from '../proxy/index.js';

/** Whoever needs longer for one page is not well. */
const patienceMs = 30_000;

const limits: GroupLimits = {
  connectTimeoutMs: patienceMs,
  socketTimeoutMs: patienceMs,
  queueTimeoutMs: 0,
  listenBacklog: 1,
};

type HealthScript = NonNullable<HealthTarget['script']>;

/**
 * Sends one GET for `health-path` to the application in a new process, as a front end would. Resolves with why the process may not serve, or
 * undefined if it answered 2xx or 3xx. `say` hears what the application printed.
 */
export async function askHealth(
  { group, runtime, health }: PoolPlan,
  { pid, socketPath, token }: DaemonAddress,
  say: (line: string) => void,
): Promise<string | undefined> {
  if (health === undefined) return undefined;
  const { path, script } = health;
  if (script === undefined) return `health-path ${path} leads to no script of the group`;
  const pool = new ProcessPool({
    limits,
    isAlone: false,
    requestProcesses: () => {},
    log: (_, line) => say(line.toString('utf8')),
  });
  try {
    pool.announce([{ group, runtime, pid, socketPath, token, threads: 1, draining: false }]);
    const status = await askStatus(pool, path, script, say);
    const isWell = typeof status === 'number' && status >= 200 && status < 400;
    return isWell ? undefined : `health-path ${path} was answered with ${status}`;
  } finally {
    pool.close();
  }
}

/** The status, or what went wrong. */
async function askStatus(
  pool: ProcessPool,
  path: string,
  script: HealthScript,
  say: (line: string) => void,
): Promise<number | string> {
  let status: number | undefined;
  const request: ForwardRequest = {
    message: describeRequest(path, script),
    sink: {
      head: (response) => {
        status = response.status;
        return { accepted: true };
      },
      write: () => true,
      writeText: () => true,
      onDrain: () => {},
      end: () => {},
      cut: () => {},
    },
    log: (_, line) => say(line.toString('utf8')),
  };
  const forwarding = forward(pool, request);
  const timer = setTimeout(() => forwarding.abandon(), patienceMs);
  const outcome = await forwarding.outcome;
  clearTimeout(timer);
  if (outcome.kind === 'gone') return `nothing within ${patienceMs / 1000} s`;
  if (outcome.kind === 'refused' || outcome.kind === 'cut') return outcome.reason;
  return status ?? 'nothing';
}

function describeRequest(path: string, script: HealthScript): ForwardRequest['message'] {
  const { scriptFile, scriptName, pathInfo, serverName, serverPort, applicationGroup, callableName } = script;
  const host = serverPort === 80 || serverPort === 443 ? serverName : `${serverName}:${serverPort}`;
  const scheme = script.isSecure ? 'https' : 'http';
  const isNode = script.runtime === 'node';
  const headers = ['Host', host, 'User-Agent', 'modhost (health-path)'];
  return {
    scriptFile,
    applicationGroup,
    callableName,
    callInterface: script.callInterface,
    checkScript: false,
    environ: [
      ...['REQUEST_METHOD', 'GET', 'SCRIPT_NAME', scriptName, 'PATH_INFO', pathInfo, 'QUERY_STRING', ''],
      ...['REQUEST_URI', path, 'SERVER_PROTOCOL', 'HTTP/1.1', 'SERVER_SOFTWARE', 'modhost'],
      ...['SERVER_NAME', serverName, 'SERVER_PORT', String(serverPort), 'SERVER_ADDR', '127.0.0.1'],
      ...[
        'REMOTE_ADDR',
        '127.0.0.1',
        'REMOTE_PORT',
        '0',
        'REQUEST_SCHEME',
        scheme,
        'SCRIPT_FILENAME',
        scriptFile,
      ],
      ...(scheme === 'https' ? ['HTTPS', 'on'] : []),
      ...(isNode
        ? ['modhost.url', applicationUrl({ rawPath: path, path, scriptName, pathInfo, query: '' })]
        : ['HTTP_HOST', host, 'HTTP_USER_AGENT', 'modhost (health-path)']),
    ],
    headers: isNode ? headers : [],
  };
}
