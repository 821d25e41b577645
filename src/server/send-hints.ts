import type { Socket } from 'node:net';
import { isHeaderName, isHeaderValue } from '../http/index.js';

/** Sends 103 Early Hints, if they are about links; hints that cannot be sent are left out, since the answer itself says what counts. */
export function sendHints(socket: Socket, headers: readonly string[]): void {
  const lines: string[] = [];
  let hasLink = false;
  for (let at = 0; at < headers.length; at += 2) {
    const name = (headers[at] as string).toLowerCase();
    const value = headers[at + 1] as string;
    if (!isHeaderName(name) || !isHeaderValue(value)) return;
    if (name === 'link' && !linkValue.test(value)) return;
    hasLink ||= name === 'link';
    lines.push(`${name === 'link' ? 'Link' : name}: ${value}\r\n`);
  }
  if (hasLink) socket.write(`HTTP/1.1 103 Early Hints\r\n${lines.join('')}\r\n`, 'latin1');
}

/** RFC 8288 section 3: links in angle brackets with parameters. */
const linkValue = /^[ \t]*<[^<>]*>(?:[ \t]*;[^<>,]*)?(?:,[ \t]*<[^<>]*>(?:[ \t]*;[^<>,]*)?)*$/;
