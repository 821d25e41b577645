import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

/** Waits until somebody accepts connections there. */
export async function waitForListener(
  address: { readonly path: string } | { readonly port: number; readonly host: string },
): Promise<void> {
  const deadline = Date.now() + 30_000;
  for (;;) {
    const socket = connect(address);
    const accepts = await new Promise<boolean>((resolve) => {
      socket.once('connect', () => resolve(true));
      socket.once('error', () => resolve(false));
    });
    socket.destroy();
    if (accepts) return;
    if (Date.now() > deadline) throw new Error(`Nobody listens at ${JSON.stringify(address)}`);
    await sleep(50);
  }
}
