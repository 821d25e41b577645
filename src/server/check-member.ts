import type { AskMember } from '../balancing/index.js';
import type { ProxyTlsSettings } from '../config/model.js';
import { checkServer, findObstacle, planConnection } from '../gateway/index.js';

const nothingSaid: ProxyTlsSettings = Object.freeze({});

/** Where neither the member nor a Timeout limits the wait. */
const longestMs = 60_000;

/** Asks a member of a balancer whether it is well, as its health check wants. */
export const checkMember: AskMember = async ({ member }, check, { settings, directorySettings }) => {
  const { target } = member;
  const { parameters } = target;
  const tls = directorySettings.proxyTls ?? nothingSaid;
  const obstacle = findObstacle(target, tls);
  if (obstacle !== undefined) return { kind: 'silent', reason: obstacle };
  const timeoutMs = (parameters.timeoutMs ?? settings.proxying.timeoutMs ?? settings.timeoutMs) || longestMs;
  const { sourceAddress } = settings.proxying;
  return checkServer({
    plan: planConnection({
      target,
      tls,
      tlsName: target.host,
      connectTimeoutMs: parameters.connectTimeoutMs ?? timeoutMs,
      ...(sourceAddress === undefined ? {} : { sourceAddress }),
    }),
    timeoutMs,
    ...(check.method === 'TCP'
      ? {}
      : {
          ask: {
            method: check.method,
            path: check.method === 'OPTIONS' ? '*' : joinPaths(target.path, check.uri),
            httpVersion: check.httpVersion,
          },
        }),
  });
};

function joinPaths(path: string, uri: string): string {
  return uri === '' ? path || '/' : `${path.replace(/\/$/, '')}/${uri.replace(/^\//, '')}`;
}
