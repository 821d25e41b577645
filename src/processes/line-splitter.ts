import type { Readable } from 'node:stream';

/** Longest piece that is kept while waiting for the end of a line, in bytes; longer lines are broken there. */
const maxLineBytes = 16_384;

/** Calls back for every line of a stream, without its LF; what is left when it ends counts as a line. */
export function splitLines(stream: Readable, onLine: (line: string) => void): void {
  let rest = Buffer.alloc(0);
  stream.on('data', (piece: Buffer) => {
    let bytes = rest.length === 0 ? piece : Buffer.concat([rest, piece]);
    for (let at = bytes.indexOf(10); at !== -1; at = bytes.indexOf(10)) {
      onLine(bytes.toString('utf8', 0, at));
      bytes = bytes.subarray(at + 1);
    }
    while (bytes.length > maxLineBytes) {
      onLine(bytes.toString('utf8', 0, maxLineBytes));
      bytes = bytes.subarray(maxLineBytes);
    }
    rest = Buffer.from(bytes);
  });
  stream.on('end', () => {
    if (rest.length > 0) onLine(rest.toString('utf8'));
  });
  stream.on('error', () => {});
}
