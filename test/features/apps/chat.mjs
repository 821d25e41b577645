import { createServer } from 'node:http';
import { Server } from 'socket.io';

const server = createServer();
const chat = new Server(server);
chat.on('connection', (socket) => {
  socket.on('say', (text) => chat.emit('said', text));
});
server.listen(0);
