import { findCgiHeadEnd, parseCgiHead } from './answer-head.js';
import type { AnswerPart, Dialect, Fault } from './dialect.js';
import {
  encodeBeginning,
  encodeFastcgiVariables,
  encodeRecord,
  encodeStream,
  type FastcgiRecord,
  RecordReader,
  recordTypes,
} from './fastcgi-records.js';

/** Connections carry one request at a time. */
const requestId = 1;

/** FastCGI 1.0 as a responder is asked: https://fastcgi-archives.github.io/FastCGI_Specification.html. Statuses as httpd. */
export const fastcgi: Dialect = {
  statuses: { closed: 503, closedInHead: 503, lost: 503, silent: 504, invalid: 500 },
  collectsBody: true,
  hasEnd: true,
  mayKeep: true,
  encode: (variables, length, keeps) => {
    const sized = length === undefined ? variables : ['CONTENT_LENGTH', String(length), ...variables];
    return {
      kind: 'request',
      head: Buffer.concat([
        encodeBeginning(requestId, keeps),
        ...encodeStream(recordTypes.params, requestId, encodeFastcgiVariables(sized)),
        encodeRecord(recordTypes.params, requestId, nothing),
      ]),
      body: (piece) => encodeStream(recordTypes.stdin, requestId, piece),
      end: encodeRecord(recordTypes.stdin, requestId, nothing),
    };
  },
  createReader: () => {
    const reader = new RecordReader();
    return {
      take: (bytes) => {
        const { records, invalid } = reader.take(bytes);
        const parts = records.map(describeRecord);
        return invalid === undefined ? parts : [...parts, { kind: 'invalid', reason: invalid }];
      },
      get hasRest() {
        return reader.hasRest;
      },
    };
  },
  findHeadEnd: findCgiHeadEnd,
  parseHead: parseCgiHead,
};

const nothing = Buffer.alloc(0);

function describeRecord({ type, id, content }: FastcgiRecord): AnswerPart {
  switch (type) {
    case recordTypes.stdout:
      if (id !== requestId) return foreign(id);
      return content.length === 0 ? { kind: 'output-end' } : { kind: 'output', bytes: content };
    case recordTypes.stderr:
      return id === requestId ? { kind: 'error-output', bytes: content } : foreign(id);
    case recordTypes.endRequest:
      return id === requestId ? describeEnd(content) : foreign(id);
    default:
      // Answers to questions that nobody asks, and what later versions may have.
      return { kind: 'error-output', bytes: Buffer.from(`a record of the type ${type}`) };
  }
}

function foreign(id: number): AnswerPart {
  return { kind: 'invalid', reason: `a record of request ${id}, where there is only request ${requestId}` };
}

/** By protocolStatus. */
const faults: Readonly<Record<number, Fault>> = {
  1: { status: 503, reason: 'it takes one request at a time on a connection (FCGI_CANT_MPX_CONN)' },
  2: { status: 503, reason: 'it has too much to do (FCGI_OVERLOADED)' },
  3: { status: 500, reason: 'it is no responder (FCGI_UNKNOWN_ROLE)' },
};

function describeEnd(content: Buffer): AnswerPart {
  if (content.length < 5) return { kind: 'invalid', reason: 'an end without a status' };
  const exitStatus = content.readUInt32BE(0);
  const protocolStatus = content.readUInt8(4);
  if (protocolStatus !== 0) {
    const fault = faults[protocolStatus] ?? { status: 500, reason: `protocol status ${protocolStatus}` };
    return { kind: 'end', fault };
  }
  return exitStatus === 0
    ? { kind: 'end' }
    : { kind: 'end', note: `the application ended with status ${exitStatus}` };
}
