import { parseAnswerHead } from './answer-head.js';
import { type Dialect, readPlainly } from './dialect.js';
import { encodeUwsgiPacket } from './uwsgi-packet.js';

/** uWSGI's own protocol, modifiers 0 and 0; it answers in the form of HTTP. */
export const uwsgi: Dialect = {
  statuses: { closed: 500, closedInHead: 502, lost: 500, silent: 500, invalid: 502 },
  collectsBody: false,
  hasEnd: false,
  mayKeep: false,
  encode: (variables, length) => {
    const sized = length === undefined ? variables : [...variables, 'CONTENT_LENGTH', String(length)];
    const head = encodeUwsgiPacket(sized);
    if (head === undefined)
      return { kind: 'unsayable', reason: 'the variables of the request are more than 64 kB' };
    // The end of the connection would be taken for a client that has left.
    return { kind: 'request', head, body: (piece) => [piece], end: Buffer.alloc(0) };
  },
  createReader: readPlainly,
  findHeadEnd: (text, searchFrom) => {
    const from = text.indexOf('\r\n\r\n', searchFrom);
    return from < 0 ? undefined : { from, to: from + 4 };
  },
  parseHead: parseAnswerHead,
};
