import { WebSocketServer } from 'ws';

new WebSocketServer({ port: 0 }).on('connection', (socket, request) => {
  socket.send(`endpoint ${request.url}`);
});
