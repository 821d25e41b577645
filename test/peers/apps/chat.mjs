import { createServer } from 'node:http';
import { Server } from 'socket.io';

const page = `<!doctype html>
<title>chat</title>
<ul id="said"></ul>
<script src="socket.io/socket.io.js"></script>
<script>
  const chat = io({ path: new URL('socket.io', document.baseURI).pathname, transports: [TRANSPORT] });
  chat.on('said', (text) => {
    const line = document.createElement('li');
    line.textContent = text;
    said.append(line);
  });
  chat.on('connect', () => { document.title = 'connected by ' + chat.io.engine.transport.name; });
</script>`;

const server = createServer((request, response) => {
  const transport = request.url.includes('polling') ? "'polling'" : "'websocket'";
  response.setHeader('Content-Type', 'text/html');
  response.end(page.replace('TRANSPORT', transport));
});
const chat = new Server(server);
chat.on('connection', (socket) => {
  const user = socket.request.environ?.REMOTE_USER ?? 'anybody';
  socket.on('say', (text) => chat.emit('said', `${user}: ${text}`));
});
server.listen(Number(process.env.CHAT_PORT ?? 0), '127.0.0.1');
