import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import type { AccessCase } from '../auth/access-cases.js';
import { apache } from './installed.js';

/** What Apache needs so that every path is one file, and clients say where they come from and hear who they are. */
export function accessPreamble(root: string): string {
  const modules = ['access_compat', 'headers', 'remoteip', 'setenvif'];
  return `
    ${modules.map((name) => `LoadModule ${name}_module ${apache?.modules}/mod_${name}.so`).join('\n')}
    DocumentRoot ${root}/htdocs
    AliasMatch ^ ${root}/htdocs/page
    RemoteIPHeader X-Client
    RemoteIPInternalProxy 127.0.0.1
    SetEnvIf X-Variables good good
    SetEnvIf X-Variables bad bad
    Header always set X-User expr=%{REMOTE_USER}\n`;
}

/** Asks a server that has the preamble: the result in the words of the tables. */
export async function askAccess(
  port: number,
  row: Omit<AccessCase, 'line' | 'expected' | 'expectedOfApache'>,
): Promise<string> {
  const { method, path, address, credentials, variables } = row;
  const headers = {
    'X-Client': address,
    'X-Variables': variables.join(),
    ...(credentials === undefined
      ? {}
      : { Authorization: `Basic ${Buffer.from(credentials).toString('base64')}` }),
  };
  const sent = request({ port, host: '127.0.0.1', method, path, headers, agent: false });
  sent.end();
  const [response] = (await once(sent, 'response')) as [IncomingMessage];
  response.resume();
  const { statusCode = 0 } = response;
  if ([401, 403, 500].includes(statusCode)) return String(statusCode);
  const user = response.headers['x-user'] ?? '';
  return user === '' || user === '(null)' ? 'in' : `in as ${user}`;
}
