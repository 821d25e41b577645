import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Reply, RequestRecord } from '../../src/server/request-record.js';
import { startListener, type TestListener, tell, type Way } from './listening.js';

/** One answer, asked of both ways to write it: the same bytes, the same endings. */

const text = (length: number) => Buffer.alloc(length, 'x');
const later = () => new Promise((resolve) => setImmediate(resolve));

/** The same object for several answers, as an application gives it that answers alike. */
const known = ['X-Known', 'a', 'Content-Length', '0'];

const answers: Readonly<Record<string, (reply: Reply, record: RequestRecord) => void | Promise<void>>> = {
  'with a length': (reply) => {
    reply.start(200, '', ['Server', 's', 'Content-Type', 'text/plain', 'Content-Length', '5']);
    reply.write(text(5));
    reply.end();
  },
  'with a reason of its own': (reply) => {
    reply.start(299, 'So \xe9 there', ['Content-Length', '0']);
    reply.end();
  },
  'with a status that nobody knows': (reply) => {
    reply.start(799, '', ['Content-Length', '0']);
    reply.end();
  },
  'with fields that are known': (reply) => {
    reply.start(200, '', known);
    reply.end();
  },
  'with fields that are known, and another status': (reply) => {
    reply.start(404, '', known);
    reply.end();
  },
  'with fields that are known, and another reason': (reply) => {
    reply.start(404, 'Gone fishing', known);
    reply.end();
  },
  'with the date of another server': (reply) => {
    reply.start(200, '', ['date', 'yesterday', 'content-length', '2', 'X-High', '\xff']);
    reply.write(text(2));
    reply.end();
  },
  'without a length': (reply) => {
    reply.start(200, '', ['Content-Type', 'text/plain']);
    reply.write(text(5));
    reply.end();
  },
  'without anything': (reply) => {
    reply.start(200, '', []);
    reply.end();
  },
  'in pieces with a length': async (reply) => {
    reply.start(200, '', ['Content-Length', '60000']);
    for (const size of [3, 17, 20_000, 39_980]) {
      reply.write(text(size));
      await later();
    }
    reply.end();
  },
  'in pieces without a length': async (reply) => {
    reply.start(200, '', []);
    for (const size of [3, 0, 17, 20_000, 39_980]) {
      reply.write(text(size));
      await later();
    }
    reply.end();
  },
  'in one big piece': (reply) => {
    reply.start(200, '', ['Content-Length', '200000']);
    reply.write(text(200_000));
    reply.end();
  },
  'in one big piece without a length': (reply) => {
    reply.start(200, '', []);
    reply.write(text(200_000));
    reply.end();
  },
  'in pieces at once': (reply) => {
    reply.start(200, '', []);
    for (let at = 0; at < 5; at += 1) reply.write(text(at));
    reply.end();
  },
  'with more than its length': (reply) => {
    reply.start(200, '', ['Content-Length', '5']);
    reply.write(text(3));
    reply.write(text(10));
    reply.write(text(10));
    reply.end();
  },
  'with less than its length': (reply) => {
    reply.start(200, '', ['Content-Length', '5']);
    reply.write(text(3));
    reply.end();
  },
  'that is cut off with a length': async (reply) => {
    reply.start(200, '', ['Content-Length', '50']);
    reply.write(text(3));
    await later();
    reply.cut();
  },
  'that is cut off without one': async (reply) => {
    reply.start(200, '', []);
    reply.write(text(3));
    await later();
    reply.cut();
  },
  'that is cut off before it begins': (reply) => {
    reply.cut();
  },
  'that has no body': (reply) => {
    reply.start(204, '', ['X-A', 'b']);
    reply.write(text(3));
    reply.end();
  },
  'that tells of no change': (reply) => {
    reply.start(304, '', ['ETag', '"a"']);
    reply.end();
  },
  'that is the last one': (reply) => {
    reply.closeConnection();
    reply.start(200, '', ['Content-Length', '1']);
    reply.write(text(1));
    reply.end();
  },
  'that is the last one, without a length': (reply) => {
    reply.closeConnection();
    reply.start(200, '', []);
    reply.write(text(1));
    reply.end();
  },
  'that comes later': async (reply) => {
    await later();
    reply.start(200, '', ['Content-Length', '1']);
    await later();
    reply.write(text(1));
    await later();
    reply.end();
  },
  'with interim answers': (reply) => {
    reply.inform(102, []);
    reply.inform(103, ['link', '</a.css>; rel=preload; as=style', 'x-other', 'b']);
    reply.inform(103, ['x-other', 'b']);
    reply.inform(103, ['link', 'no link']);
    reply.inform(104, ['x-other', 'b']);
    reply.start(200, '', ['Content-Length', '0']);
    reply.end();
  },
  'that cannot be sent, and then another': (reply) => {
    const wrong: (readonly [number, string, readonly string[]])[] = [
      [200, '', ['X-A', 'a\r\nb']],
      [200, '', ['X A', 'a']],
      [200, '', ['X-A', 'ā']],
      [200, 'a\nb', []],
      [20, '', []],
      [200, '', ['Content-Length', '1', 'Trailer', 'X']],
    ];
    let thrown = 0;
    for (const args of wrong) {
      try {
        reply.start(...args);
      } catch {
        thrown += 1;
      }
    }
    reply.start(200, '', ['Content-Length', '0', 'X-Thrown', String(thrown)]);
    reply.end();
  },
};

/** The same reply, whose every piece is written as text. */
function inTexts(reply: Reply): Reply {
  return new Proxy(reply, {
    get: (target, name) => {
      if (name === 'write') return (piece: Buffer) => target.writeText(piece.toString('latin1'));
      const member: unknown = Reflect.get(target, name);
      return typeof member === 'function' ? member.bind(target) : member;
    },
  });
}

const endings = new Map<string, string[]>();
let ways: Record<Way, TestListener>;
beforeAll(async () => {
  const answer = (way: Way) => (record: RequestRecord) => {
    const name = decodeURIComponent(record.target.slice(1));
    const { reply } = record;
    reply.onClosed((how) => {
      const facts = [how, reply.status, reply.bodyBytes, reply.willClose, reply.isStarted].join(' ');
      endings.set(way, [...(endings.get(way) ?? []), facts]);
    });
    const isText = record.headers.includes('X-In-Texts');
    void answers[name]?.(isText && way === 'lean' ? inTexts(reply) : reply, record);
  };
  const [lean, node] = await Promise.all([
    startListener('lean', answer('lean')),
    startListener('node', answer('node')),
  ]);
  ways = { lean, node };
});
afterAll(() => Promise.all([ways.lean.stop(), ways.node.stop()]));

describe.each([
  ['GET', ''],
  ['HEAD', ''],
  ['GET', 'X-In-Texts: 1\r\n'],
  ['HEAD', 'X-In-Texts: 1\r\n'],
])('an answer to %s %s', (method, how) => {
  it.each(Object.keys(answers))('%s', async (name) => {
    const request = `${method} /${encodeURIComponent(name)} HTTP/1.1\r\nHost: a\r\n${how}\r\n`;
    endings.clear();
    const [lean, node] = await Promise.all([ask(ways.lean, request), ask(ways.node, request)]);
    expect(lean).toEqual(node);
    expect(endings.get('lean')).toEqual(endings.get('node'));
    expect(endings.get('lean')?.length).toBe(lean.closesFirst ? 1 : 2);
  });
});

/** The request twice on one connection, the second behind the answer to the first: what came, and whether there was a second. */
async function ask(listener: TestListener, request: string): Promise<{ text: string; closesFirst: boolean }> {
  const { text, seen } = await tell(listener, [request, request], 40);
  // Chunks may be divided in other ways.
  return { text: joinChunks(text), closesFirst: seen.length < 2 };
}

function joinChunks(text: string): string {
  return text.replace(
    /(\r\n\r\n)((?:[0-9a-f]+\r\n[x]+\r\n)+)/g,
    (_, end, chunks) => end + chunks.replace(/[0-9a-f]+\r\n(x+)\r\n/g, '$1'),
  );
}

describe.each<Way>(['lean', 'node'])('a client of the %s way', (way) => {
  it('that reads slowly gets everything, and the answer waits for it', async () => {
    const total = 30_000_000;
    let waits = 0;
    const listener = await startListener(way, ({ reply }) => {
      reply.start(200, '', ['Content-Length', String(total)]);
      let sent = 0;
      const write = () => {
        while (sent < total) {
          sent += 1_000_000;
          if (!reply.write(text(1_000_000))) {
            waits += 1;
            reply.onDrain(write);
            return;
          }
        }
        reply.end();
      };
      write();
    });
    const socket = connect(listener.port, '127.0.0.1').pause();
    socket.write('GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n');
    await expect.poll(() => waits).toBeGreaterThan(0);
    const before = waits;
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(waits).toBe(before);
    let received = 0;
    socket.on('data', (piece) => {
      received += piece.length;
    });
    socket.resume();
    await new Promise((resolve) => socket.once('end', resolve));
    expect(received).toBeGreaterThan(total);
    socket.destroy();
    await listener.stop();
  });

  it('that reads nothing is reset after Timeout', async () => {
    const closed: string[] = [];
    const listener = await startListener(way, ({ reply }) => {
      reply.setTimeout(200);
      reply.onClosed((how) => closed.push(how));
      reply.start(200, '', []);
      reply.write(text(30_000_000));
      reply.end();
    });
    const socket = connect(listener.port, '127.0.0.1').pause();
    socket.on('error', () => {});
    socket.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
    // Before Node 24, node:http does not notice that the last of it never left.
    const endings = way === 'lean' ? ['aborted'] : ['aborted', 'complete'];
    await expect.poll(() => closed.length, { timeout: 5_000 }).toBe(1);
    expect(endings).toContain(closed[0]);
    socket.destroy();
    await listener.stop();
  });

  it('that sends what is no request, and reads nothing of a long refusal, is reset after Timeout', async () => {
    const endings: string[] = [];
    let waits = 0;
    const refuse = ({ reply }: RequestRecord, status: number) => {
      reply.setTimeout(200);
      reply.onClosed((how) => endings.push(`${how} after ${reply.stalledMs} ms`));
      reply.start(status, '', []);
      // An ErrorDocument of an application, which goes on as soon as the client does.
      if (!reply.write(text(30_000_000))) reply.onDrain(() => waits++);
    };
    const unasked = () => {};
    const listener = await startListener(way, unasked, { timeoutMs: 60_000 }, unasked, refuse);
    const socket = connect(listener.port, '127.0.0.1').pause();
    socket.on('error', () => {});
    socket.write('no request\r\n\r\n');
    await expect.poll(() => endings, { timeout: 5_000 }).toEqual(['aborted after 200 ms']);
    expect(waits).toBe(0);
    socket.destroy();
    await listener.stop();
  });

  it('that sends what is no request sees that a refusal without a length was cut off', async () => {
    const refuse = ({ reply }: RequestRecord, status: number) => {
      reply.start(status, '', []);
      reply.write(text(100));
      setTimeout(() => reply.cut(), 50);
    };
    const unasked = () => {};
    const listener = await startListener(way, unasked, {}, unasked, refuse);
    const { ending } = await tell(listener, ['no request\r\n\r\n'], 300);
    expect(ending).toBe('reset');
    await listener.stop();
  });
});
