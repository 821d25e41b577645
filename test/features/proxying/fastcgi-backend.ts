import { createServer, type Socket } from 'node:net';
import { anyPort, type BackendAddress, type ListeningBackend, listenAsBackend } from './listening-backend.js';

/** One request as a FastCGI responder gets it. */
export interface FastcgiRequest {
  /** `type:id:length` of each record. */
  readonly records: readonly string[];
  readonly keeps: boolean;
  readonly role: number;
  readonly variables: ReadonlyMap<string, string>;
  readonly body: string;
}

export interface FastcgiBackend extends ListeningBackend {
  readonly requests: FastcgiRequest[];
}

/** A FastCGI server that says exactly what a test tells it to, for each complete request on a connection. */
export async function startFastcgiBackend(
  answer: (request: FastcgiRequest, socket: Socket) => void,
  at: BackendAddress = anyPort,
): Promise<FastcgiBackend> {
  const requests: FastcgiRequest[] = [];
  const server = createServer((socket) => {
    let bytes = Buffer.alloc(0);
    let records: string[] = [];
    let [head, params, body] = [Buffer.alloc(8), Buffer.alloc(0), Buffer.alloc(0)];
    socket.on('data', (piece) => {
      bytes = Buffer.concat([bytes, piece]);
      while (bytes.length >= 8) {
        const length = bytes.readUInt16BE(4);
        const end = 8 + length + bytes.readUInt8(6);
        if (bytes.length < end) return;
        const [version, type, id] = [bytes[0], bytes[1], bytes.readUInt16BE(2)];
        const content = bytes.subarray(8, 8 + length);
        bytes = bytes.subarray(end);
        if (version !== 1) throw new Error(`version ${version}`);
        records.push(`${type}:${id}:${length}`);
        if (type === 1) head = content;
        if (type === 4) params = Buffer.concat([params, content]);
        if (type === 5 && length > 0) body = Buffer.concat([body, content]);
        if (type !== 5 || length > 0) continue;
        const request = {
          records,
          keeps: head[2] === 1,
          role: head.readUInt16BE(0),
          variables: decodeVariables(params),
          body: body.toString('latin1'),
        };
        [records, params, body] = [[], Buffer.alloc(0), Buffer.alloc(0)];
        requests.push(request);
        answer(request, socket);
      }
    });
  });
  return { ...(await listenAsBackend(server, at)), requests };
}

/** One record, as text with one character per byte. */
export function record(type: number, text: string, { padding = 0, id = 1, version = 1 } = {}): string {
  const head = Buffer.from([version, type, 0, id, text.length >> 8, text.length & 0xff, padding, 0]);
  return head.toString('latin1') + text + '#'.repeat(padding);
}

export const stdout = (text: string, padding = 0) => record(6, text, { padding });
export const stderr = (text: string) => record(7, text);
export const end = (exitStatus = 0, protocolStatus = 0) =>
  record(3, String.fromCharCode(0, 0, 0, exitStatus, protocolStatus, 0, 0, 0));

function decodeVariables(bytes: Buffer): Map<string, string> {
  const variables = new Map<string, string>();
  let at = 0;
  const readLength = () => {
    const isLong = (bytes[at] as number) >= 0x80;
    const length = isLong ? bytes.readUInt32BE(at) & 0x7fffffff : (bytes[at] as number);
    at += isLong ? 4 : 1;
    return length;
  };
  while (at < bytes.length) {
    const [name, value] = [readLength(), readLength()];
    const text = bytes.toString('latin1', at, at + name);
    if (variables.has(text)) throw new Error(`${text} comes twice`);
    variables.set(text, bytes.toString('latin1', at + name, at + name + value));
    at += name + value;
  }
  return variables;
}
