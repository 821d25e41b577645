/** Stands in for a daemon process: answers every request at once with the same bytes, so that it costs next to nothing. */

import { createServer } from 'node:net';

const [socketPath, language = 'python'] = process.argv.slice(2);
const headers = {
  python: ['Content-Type', 'text/plain', 'Content-Length', '13'],
  node: ['Content-Type', 'text/plain', 'Content-Length', '13'],
}[language];
const headText = Buffer.from(['200 OK', ...headers].join('\0'), 'latin1');
const bodyText = Buffer.from('Hello, world\n');

function frame(type, stream, payload) {
  const bytes = Buffer.alloc(8 + payload.length);
  bytes.writeUInt32BE(payload.length * 256 + type, 0);
  bytes.writeUInt32BE(stream, 4);
  payload.copy(bytes, 8);
  return bytes;
}

const nothing = Buffer.alloc(0);
const answer = Buffer.concat([frame(0x20, 0, headText), frame(0x30, 0, bodyText), frame(0x31, 0, nothing)]);
/** Where the stream's number goes. */
const places = [4, 8 + headText.length + 4, 8 + headText.length + 8 + bodyText.length + 4];

createServer((socket) => {
  let rest = nothing;
  socket.on('data', (piece) => {
    const bytes = rest.length === 0 ? piece : Buffer.concat([rest, piece]);
    const answers = [];
    let at = 0;
    while (bytes.length - at >= 8) {
      const word = bytes.readUInt32BE(at);
      const end = at + 8 + (word >>> 8);
      if (end > bytes.length) break;
      const stream = bytes.readUInt32BE(at + 4);
      if ((word & 0xff) === 0x01)
        answers.push(frame(0x01, 0, Buffer.from('version\x001\0pid\x001\0runtime\0python\0threads\x000')));
      if ((word & 0xff) === 0x10) {
        const copy = Buffer.from(answer);
        for (const place of places) copy.writeUInt32BE(stream, place);
        answers.push(copy);
      }
      at = end;
    }
    rest = bytes.subarray(at);
    if (answers.length > 0) socket.write(Buffer.concat(answers));
  });
  socket.on('error', () => {});
}).listen(socketPath, () => process.send('listening'));
process.on('disconnect', () => process.exit(0));
