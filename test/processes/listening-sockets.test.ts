import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { describe, expect, it } from 'vitest';
import { BindError, bindTcp, bindUnix } from '../../src/processes/listening-sockets.js';

/** Listens on descriptor 3 and answers every connection with `hello`. */
const server = `require('net').createServer((s) => s.end('hello')).listen({ fd: 3 }, () => console.log('listening'))`;

async function startChild(fd: number) {
  const child = spawn(process.execPath, ['-e', server], { stdio: ['ignore', 'pipe', 'inherit', fd] });
  await once(child.stdout as NodeJS.ReadableStream, 'data');
  return child;
}

describe('bound sockets', () => {
  it('are accepted from by children, and survive them', async () => {
    const socket = bindTcp('127.0.0.1', 0);
    expect(socket.port).toBeGreaterThan(0);
    const first = await startChild(socket.fd);
    expect(await text(connect(socket.port, '127.0.0.1'))).toBe('hello');
    first.kill('SIGKILL');
    await once(first, 'exit');
    // Nobody accepts now, but the kernel takes the connection for whoever comes next.
    const waiting = text(connect(socket.port, '127.0.0.1'));
    const second = await startChild(socket.fd);
    expect(await waiting).toBe('hello');
    second.kill('SIGKILL');
    socket.close();
  });

  it('take IPv4 and IPv6 when no address is given', async () => {
    const socket = bindTcp(undefined, 0);
    const child = await startChild(socket.fd);
    expect(await text(connect(socket.port, '127.0.0.1'))).toBe('hello');
    child.kill('SIGKILL');
    socket.close();
  });

  it('tell an address that is taken', async () => {
    const socket = bindTcp('127.0.0.1', 0);
    const child = await startChild(socket.fd);
    expect(() => bindTcp('127.0.0.1', socket.port)).toThrow(BindError);
    expect(() => bindTcp('127.0.0.1', socket.port)).toThrow(/127\.0\.0\.1:\d+: another program.*EADDRINUSE/);
    child.kill('SIGKILL');
    socket.close();
  });

  it('are private files when they are unix sockets, and replace stale ones', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'modhost-bind-'));
    const path = join(folder, 'a.sock');
    bindUnix(path, undefined).close();
    const socket = bindUnix(path, undefined);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(existsSync(path)).toBe(true);
    socket.close();
    rmSync(folder, { recursive: true });
  });
});
