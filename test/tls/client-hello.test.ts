import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { connect } from 'node:tls';
import { beforeAll, describe, expect, it } from 'vitest';
import { readFirstBytes } from '../../src/tls/client-hello.js';

/** What a real client says first. */
async function captureHello(servername: string | undefined): Promise<Buffer> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  const client = connect({
    port: address.port,
    host: '127.0.0.1',
    ...(servername === undefined ? {} : { servername }),
  });
  client.on('error', () => {});
  const [socket] = (await once(server, 'connection')) as [Socket];
  const [bytes] = (await once(socket, 'data')) as [Buffer];
  client.destroy();
  socket.destroy();
  server.close();
  return bytes;
}

/** The same message in records of so many bytes. */
function splitRecords(hello: Buffer, size: number): Buffer {
  const message = hello.subarray(5);
  const records: Buffer[] = [];
  for (let at = 0; at < message.length; at += size) {
    const piece = message.subarray(at, at + size);
    records.push(Buffer.from([0x16, 3, 1, piece.length >> 8, piece.length & 0xff]), piece);
  }
  return Buffer.concat(records);
}

describe('the first bytes of a connection', () => {
  let hello: Buffer;
  beforeAll(async () => {
    hello = await captureHello('WWW.one.Test');
  });

  it('name the host', () => {
    expect(readFirstBytes(hello)).toEqual({ kind: 'hello', serverName: 'www.one.test' });
  });

  it('name none', async () => {
    expect(readFirstBytes(await captureHello(undefined))).toEqual({ kind: 'hello' });
  });

  it('are too few until the last one', () => {
    for (let length = 0; length < hello.length; length += 1)
      expect(readFirstBytes(hello.subarray(0, length)).kind).toBe('incomplete');
  });

  it.each([1, 3, 100])('may come in records of %i bytes', (size) => {
    expect(readFirstBytes(splitRecords(hello, size))).toEqual({ kind: 'hello', serverName: 'www.one.test' });
  });

  it.each(['GET / HTTP/1.1\r\n', '\x80\x2e\x01\x00\x02', '\x15\x03\x01\x00\x02'])(
    'are something else: %j',
    (text) => {
      expect(readFirstBytes(Buffer.from(text, 'latin1')).kind).toBe('other');
    },
  );

  it.each([
    ['\x16\x02\x01\x00\x01', 'a version that is none'],
    ['\x16\x03\x01\x00\x00', 'an empty record'],
    ['\x16\x03\x01\xff\xff', 'a record that is too long'],
    ['\x16\x03\x01\x00\x04\x02\x00\x00\x00', 'another message'],
    ['\x16\x03\x01\x00\x04\x01\xff\xff\xff', 'a message that is too long'],
    ['\x16\x03\x01\x00\x08\x01\x00\x00\x04\x03\x03\x00\x00', 'a message that ends too early'],
  ])('are left to OpenSSL: %j, %s', (text) => {
    expect(readFirstBytes(Buffer.from(text, 'latin1'))).toEqual({ kind: 'hello' });
  });

  it('cost no more than they are many, into however many records they are cut', () => {
    const head = Buffer.from([0x16, 3, 1, 0, 1, 1, 0x16, 3, 1, 0, 1, 0, 0x16, 3, 1, 0, 1, 0xff]);
    const tiny = Buffer.concat([head, ...Array(10_000).fill(Buffer.from([0x16, 3, 1, 0, 1, 0]))]);
    const before = process.cpuUsage();
    for (let length = 50; length < tiny.length; length += 500) readFirstBytes(tiny.subarray(0, length));
    const { user } = process.cpuUsage(before);
    expect(user / 1000).toBeLessThan(500);
    expect(readFirstBytes(tiny)).toEqual({ kind: 'hello' });
  });

  it('never make it fail, whatever stands in them', () => {
    let seed = 7;
    const random = () => {
      seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648;
      return seed;
    };
    for (let round = 0; round < 3_000; round += 1) {
      const bytes = Buffer.from(hello);
      for (let change = 0; change < 4; change += 1) bytes[random() % bytes.length] = random() % 256;
      const { kind } = readFirstBytes(bytes.subarray(0, random() % (bytes.length + 1)));
      expect(['hello', 'incomplete', 'other']).toContain(kind);
    }
  });
});
