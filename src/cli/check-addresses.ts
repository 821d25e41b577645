import { createServer } from 'node:net';
import type { Finding } from '../config/index.js';
import type { Listener, ServerConfig } from '../config/model.js';
import { findRunningServer } from './signal-server.js';

/** What `-t` says about addresses that cannot be listened on. With our own server running, they are taken by it. */
export async function checkAddresses(config: ServerConfig): Promise<Finding[]> {
  if (findRunningServer(config.global.pidFile).kind === 'running') return [];
  const findings: Finding[] = [];
  for (const listener of config.listeners) {
    const problem = await tryListening(listener);
    if (problem !== undefined)
      findings.push({
        kind: 'address-taken',
        position: listener.position,
        directive: 'Listen',
        message: `modhost could not listen on ${formatAddress(listener)}: ${problem}`,
      });
  }
  return findings;
}

const problems: ReadonlyMap<string, string> = new Map([
  ['EADDRINUSE', 'another program does'],
  ['EACCES', 'the current account lacks the privilege'],
  ['EADDRNOTAVAIL', 'this machine has no such address'],
  ['ENOTFOUND', 'there is no host of that name'],
]);

function tryListening({ host, port }: Listener): Promise<string | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', (error: NodeJS.ErrnoException) => {
      resolve(problems.get(error.code ?? '') ?? error.message);
    });
    server.listen({ port, exclusive: true, ...(host === undefined ? {} : { host }) }, () => {
      server.close(() => resolve(undefined));
    });
  });
}

function formatAddress({ host, port }: Listener): string {
  if (host === undefined) return `port ${port}`;
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}
