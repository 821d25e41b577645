import { findCgiHeadEnd, parseCgiHead } from './answer-head.js';
import { type Dialect, readPlainly } from './dialect.js';

/** SCGI: https://python.ca/scgi/protocol.txt, answered as CGI does. Statuses as httpd. */
export const scgi: Dialect = {
  statuses: { closed: 500, closedInHead: 500, lost: 500, silent: 504, invalid: 500 },
  collectsBody: false,
  hasEnd: false,
  mayKeep: false,
  encode: (variables, length = 0) => {
    const texts = ['CONTENT_LENGTH', String(length), 'SCGI', '1', ...variables];
    // It would end a name or a value early.
    if (texts.some((text) => text.includes('\0')))
      return { kind: 'unsayable', reason: 'a variable of the request holds a zero byte' };
    const head = `${texts.join('\0')}\0`;
    return {
      kind: 'request',
      head: Buffer.from(`${head.length}:${head},`, 'latin1'),
      body: (piece) => [piece],
      end: Buffer.alloc(0),
    };
  },
  createReader: readPlainly,
  findHeadEnd: findCgiHeadEnd,
  parseHead: parseCgiHead,
};
