import { createServer } from 'node:http';
import { WebSocketServer } from 'ws';

/** As it runs alone: a server that listens, with an endpoint for WebSocket. */
const server = createServer((request, response) => response.end(`plain ${request.url}`));
const sockets = new WebSocketServer({ server, maxPayload: 2 * 1024 * 1024 });
sockets.on('connection', (socket, request) => {
  socket.on('error', () => {});
  if (request.url === '/who') {
    socket.send(
      `${request.environ.REMOTE_USER} ${request.url} ${request.originalUrl} ${request.socket.remoteAddress}`,
    );
    return;
  }
  if (request.url === '/close') socket.close(4321, 'as wanted');
  if (request.url === '/cut') socket.terminate();
  socket.on('message', (message, isBinary) => socket.send(message, { binary: isBinary }));
});
server.listen(0);
