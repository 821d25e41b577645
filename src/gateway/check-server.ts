import type { Socket } from 'node:net';
import type { ServerTarget } from '../config/model.js';
import type { ConnectionPlan } from './connection-plan.js';
import { openConnection } from './connections.js';

/** What a server is asked to show that it is well. */
export interface ServerCheck {
  readonly plan: ConnectionPlan;
  /** Absent: a connection is enough. */
  readonly ask?: {
    readonly method: 'OPTIONS' | 'HEAD' | 'GET';
    readonly path: string;
    readonly httpVersion: '1.0' | '1.1';
  };
  /** For all of it, behind the connection. */
  readonly timeoutMs: number;
}

export type CheckAnswer =
  | { readonly kind: 'connected' }
  /** Byte strings; the body as far as it was looked at. */
  | {
      readonly kind: 'answered';
      readonly status: number;
      readonly headers: readonly string[];
      readonly body: string;
    }
  | { readonly kind: 'silent'; readonly reason: string };

/** Of an answer, what is looked at. */
const mostBytes = 262_144;

/** Asks a server over a connection of its own. Never rejects. */
export async function checkServer({ plan, ask, timeoutMs }: ServerCheck): Promise<CheckAnswer> {
  let socket: Socket;
  try {
    socket = await openConnection(plan);
  } catch (error) {
    return { kind: 'silent', reason: (error as Error).message };
  }
  if (ask === undefined) {
    socket.destroy();
    return { kind: 'connected' };
  }
  const text = await converse(socket, formatRequest(ask, plan.target), timeoutMs);
  return parseAnswer(text) ?? { kind: 'silent', reason: `no answer of HTTP within ${timeoutMs / 1000} s` };
}

function formatRequest(
  { method, path, httpVersion }: NonNullable<ServerCheck['ask']>,
  { authority }: ServerTarget,
): string {
  const close = httpVersion === '1.1' ? 'Connection: close\r\n' : '';
  return `${method} ${path} HTTP/${httpVersion}\r\nHost: ${authority}\r\n${close}\r\n`;
}

/** Everything that comes until the server closes, or says no more in time. */
function converse(socket: Socket, request: string, timeoutMs: number): Promise<string> {
  return new Promise((resolve) => {
    let text = '';
    const finish = () => {
      clearTimeout(timer);
      socket.destroy();
      resolve(text);
    };
    const timer = setTimeout(finish, timeoutMs);
    socket.on('data', (piece: Buffer) => {
      text += piece.toString('latin1');
      if (text.length > mostBytes || isComplete(text)) finish();
    });
    socket.on('error', finish);
    socket.on('close', finish);
    socket.write(request, 'latin1');
  });
}

/** Servers may keep the connection: its length says where an answer ends. */
function isComplete(text: string): boolean {
  const end = text.indexOf('\r\n\r\n');
  if (end < 0) return false;
  const length = /^content-length:[ \t]*(\d+)[ \t]*\r?$/im.exec(text.slice(0, end))?.[1];
  return length !== undefined && text.length - end - 4 >= Number(length);
}

function parseAnswer(text: string): CheckAnswer | undefined {
  const end = text.indexOf('\r\n\r\n');
  const [first = '', ...lines] = text.slice(0, Math.max(0, end)).split('\r\n');
  const status = /^HTTP\/1\.[01] ([1-9]\d\d)(?: |$)/.exec(first)?.[1];
  if (status === undefined) return undefined;
  const headers = lines.flatMap((line) => {
    const colon = line.indexOf(':');
    return colon < 1 ? [] : [line.slice(0, colon), line.slice(colon + 1).trim()];
  });
  const body = text.slice(end + 4);
  const isChunked = lines.some((line) => /^transfer-encoding:.*chunked/i.test(line));
  return { kind: 'answered', status: Number(status), headers, body: isChunked ? joinChunks(body) : body };
}

function joinChunks(body: string): string {
  let joined = '';
  let at = 0;
  for (;;) {
    const line = /^([0-9a-f]{1,6})[^\r\n]*\r\n/i.exec(body.slice(at, at + 100));
    const size = Number.parseInt(line?.[1] ?? '0', 16);
    if (line === null || size === 0) return joined;
    const start = at + line[0].length;
    joined += body.slice(start, start + size);
    at = start + size + 2;
  }
}
