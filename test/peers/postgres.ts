import { execFileSync } from 'node:child_process';
import { chownSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { accountOf, postgres } from './installed.js';

/** A PostgreSQL cluster of one test. */
export interface PostgresCluster {
  /** The folder of its Unix socket, which is all that it listens on. */
  readonly socketFolder: string;
  /** Its only role, who owns everything. */
  readonly user: string;
  /** Ends every process of it, without waiting for clients. */
  stop(): void;
}

/** Makes a cluster below `folder` and waits until it accepts connections. PostgreSQL refuses root: then it runs as `postgres`. */
export function startPostgres(folder: string): PostgresCluster {
  if (postgres === undefined) throw new Error('PostgreSQL is not installed');
  const { programs } = postgres;
  // Short: the name of a socket has at most 107 bytes.
  const home = join(folder, 'pg');
  const data = join(home, 'data');
  mkdirSync(home, { mode: 0o755 });
  const account = accountOf('postgres');
  if (process.getuid?.() === 0 && account !== undefined) chownSync(home, account.uid, account.gid);

  const run = (program: string, args: readonly string[]): void => {
    const identity = process.getuid?.() === 0 ? account : undefined;
    execFileSync(join(programs, program), args, {
      cwd: home,
      stdio: ['ignore', 'ignore', 'inherit'],
      timeout: 120_000,
      ...identity,
    });
  };
  const user = 'peer';
  run('initdb', ['--pgdata', data, '--username', user, '--auth', 'trust', '--encoding', 'UTF8', '--no-sync']);
  const options = `-c listen_addresses= -c unix_socket_directories=${home} -c fsync=off`;
  run('pg_ctl', ['start', '--wait', '--pgdata', data, '--log', join(home, 'log'), '--options', options]);
  return {
    socketFolder: home,
    user,
    stop: () => run('pg_ctl', ['stop', '--wait', '--mode', 'immediate', '--pgdata', data]),
  };
}
