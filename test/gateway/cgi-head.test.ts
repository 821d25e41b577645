import { describe, expect, it } from 'vitest';
import { findCgiHeadEnd, parseCgiHead } from '../../src/gateway/answer-head.js';

describe('the head of a CGI answer', () => {
  it.each([
    ['A: b', undefined, '', ['A', 'b'], undefined],
    ['Status: 404 Not Here\r\nA:b', 404, 'Not Here', ['A', 'b'], undefined],
    ['status:200\nContent-Length: 3', 200, '', ['Content-Length', '3'], 3],
    ['Location: /x', undefined, '', ['Location', '/x'], undefined],
    ['Location: /x\nStatus: 201 Made', 201, 'Made', ['Location', '/x'], undefined],
    [
      'Content-Length: 3\nContent-Length: 3',
      undefined,
      '',
      ['Content-Length', '3', 'Content-Length', '3'],
      3,
    ],
  ])('%j is understood', (text, status, reason, headers, length) => {
    expect(parseCgiHead(text)).toEqual({ kind: 'head', status, reason, headers, length });
  });

  it.each([
    '',
    'A',
    'A b: c',
    ': c',
    'A: b\n c',
    'A: b\rC: d',
    'A: b\0',
    'Status: 1000',
    'Status: 199',
    'Status: 200OK',
    'Status: ',
    'Status: 200\nStatus: 200',
    'Content-Length: 1\nContent-Length: 2',
    'Content-Length: -1',
    'Transfer-Encoding: chunked',
  ])('%j is refused', (text) => {
    expect(parseCgiHead(text).kind).toBe('invalid');
  });

  it.each([
    ['A: b\r\n\r\nx', 4, 8],
    ['A: b\n\nx', 4, 6],
    ['A: b\n\r\nx', 4, 7],
    ['A: b\r\n\nx', 4, 7],
    ['\n', 0, 1],
    ['\r\nx', 0, 2],
  ])('%j ends where its empty line is', (text, from, to) => {
    expect(findCgiHeadEnd(text, 0)).toEqual({ from, to });
    expect(findCgiHeadEnd(text, Math.max(0, from - 1))).toEqual({ from, to });
  });

  it.each(['', 'A: b', 'A: b\r\n', 'A: b\r\n\r', 'A: b\nC: d\n'])('%j has not ended', (text) => {
    expect(findCgiHeadEnd(text, 0)).toBeUndefined();
  });
});
