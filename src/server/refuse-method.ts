import type { DirectorySettings } from '../config/model.js';
import type { Exchange } from './exchange.js';
import { type Refusal, refuse } from './site.js';

/** AllowMethods: before anybody is asked who they are. The answer names what is allowed (httpd names only TRACE). */
export function refuseMethod(
  { method, path = '', site, virtualHost }: Exchange,
  { allowedMethods = [] }: DirectorySettings,
): Refusal | undefined {
  if (allowedMethods.length === 0 || allowedMethods.includes(method === 'HEAD' ? 'GET' : method))
    return undefined;
  const allowed = allowedMethods.flatMap((name) => (name === 'GET' ? ['GET', 'HEAD'] : [name]));
  site.trace?.({ stage: 'access', text: `AllowMethods ${allowed.join(' ')}: ${method} is refused` });
  const trace = virtualHost.settings.traceEnable === 'off' ? [] : ['TRACE'];
  return {
    ...refuse(
      405,
      'allowmethods',
      `AH01623: client method denied by server configuration: '${method}' to ${path}`,
    ),
    headers: ['Allow', [...allowed, ...trace].join(',')],
  };
}
