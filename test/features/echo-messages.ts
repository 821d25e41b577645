import { randomBytes, randomInt } from 'node:crypto';
import { once } from 'node:events';
import { expect } from 'vitest';
import type { WebSocket } from 'ws';

const sizes = [0, 1, 125, 126, 65_535, 65_536, 1_048_576];

/** Sends 500 random messages of up to 1 MB to an echo, whole and in fragments with pings between, and closes with a code. */
export async function echoMessages(socket: WebSocket): Promise<void> {
  for (let round = 0; round < 500; round += 1) {
    const size = sizes[round] ?? randomInt(0, 3_000);
    const message = randomBytes(size);
    const answered = once(socket, 'message');
    if (round % 3 === 0) {
      const middle = randomInt(0, size + 1);
      socket.send(message.subarray(0, middle), { fin: false });
      if (round % 2 === 0) socket.ping('between');
      socket.send(message.subarray(middle), { fin: true });
    } else socket.send(message);
    const [answer, isBinary] = await answered;
    expect(isBinary).toBe(true);
    expect(message.equals(answer as Buffer)).toBe(true);
  }
  const pong = once(socket, 'pong');
  socket.ping('are you there');
  expect(String((await pong)[0])).toBe('are you there');
  const closed = once(socket, 'close');
  socket.close(4000, 'enough');
  expect((await closed)[0]).toBe(4000);
}
