// A daemon process that does what its first argument says, and nothing else of the contract.
import { spawn } from 'node:child_process';
import { createServer, Socket } from 'node:net';
import { createInterface } from 'node:readline';

const [behaviour = 'ready', ...scripts] = process.argv.slice(2);
const control = new Socket({ fd: 3, readable: true, writable: true });
const grown = [];
const say = (message) => control.write(`${JSON.stringify(message)}\n`);

if (behaviour === 'exits-at-start') {
  process.stderr.write('cannot work here\n');
  process.exit(3);
}
if (behaviour === 'leaves-a-program') {
  const program = `process.on('SIGUSR2', () => console.log('still here')); console.log('left behind: ' + process.pid); setInterval(() => {}, 1000)`;
  spawn(process.execPath, ['-e', program], { stdio: 'inherit' });
}
if (behaviour === 'ignores-term') process.on('SIGTERM', () => {});
else process.on('SIGTERM', () => process.exit(0));

createInterface({ input: control }).on('line', (line) => {
  const message = JSON.parse(line);
  if (message.type === 'start') {
    process.stdout.write(`started for ${message.group}\n`);
    const preloaded = message.preload.map(({ script }) => script);
    // The first process has loaded them when it is ready; those after it are told to.
    const isFirst = preloaded.length === 0;
    if (behaviour === 'never-ready' || (behaviour === 'only-the-first-is-ready' && !isFirst)) return;
    if (behaviour === 'only-the-first-lives' && !isFirst) process.exit(4);
    const failed = behaviour === 'only-the-first-loads' ? preloaded : [];
    createServer((socket) => {
      socket.on('data', (bytes) => {
        if (bytes.toString() === 'reload') say({ type: 'reload', reason: '/app.py has changed' });
        else if (bytes.toString() === 'evict')
          say({ type: 'reload', reason: 'it caught SIGUSR1', eviction: true });
        else if (bytes.toString() === 'nonsense') control.write('this is not JSON\n');
        else if (bytes.toString() === 'close-control') control.destroy();
        else process.exit(Number(bytes.toString()));
      });
    }).listen({ fd: 4 }, () => {
      if (isFirst) for (const script of scripts) say({ type: 'loaded', script, applicationGroup: '' });
      say({ type: 'ready', failed });
      // The first look at its memory comes before.
      if (behaviour === 'grows') setTimeout(() => grown.push(Buffer.alloc(300 * 2 ** 20, 1)), 500);
    });
  }
  if (message.type === 'ping' && behaviour !== 'never-answers') say({ type: 'pong' });
  if (message.type === 'count') say({ type: 'counts', active: 0, finished: 0 });
  if (message.type === 'keep') process.stdout.write('kept\n');
  if (message.type === 'drain' && behaviour !== 'ignores-drain') process.exit(0);
});
