import { executionContext } from './execution-context.js';

type Write = typeof process.stdout.write;

const writesThrough: Record<1 | 2, Write> = {
  1: process.stdout.write.bind(process.stdout) as Write,
  2: process.stderr.write.bind(process.stderr) as Write,
};

/** Writes to fd 1 or 2 itself, whatever request is being served. */
export function printDirectly(channel: 1 | 2, bytes: Uint8Array | string): void {
  writesThrough[channel](bytes);
}

/** From now on, what is printed while a request is served goes to that request's log; anything else to fd 1 and 2 as before. */
export function captureOutput(): void {
  capture(process.stdout, 1);
  capture(process.stderr, 2);
}

function capture(stream: NodeJS.WriteStream, channel: 1 | 2): void {
  const writeThrough = writesThrough[channel];
  const write = (
    chunk: Uint8Array | string,
    encodingOrCallback?: BufferEncoding | ((error?: Error | null) => void),
    callback?: (error?: Error | null) => void,
  ): boolean => {
    const encoding = typeof encodingOrCallback === 'string' ? encodingOrCallback : 'utf8';
    const done = typeof encodingOrCallback === 'function' ? encodingOrCallback : callback;
    const context = executionContext.getStore();
    const isText = typeof chunk === 'string';
    if (context?.kind === 'serving' && (isText || chunk instanceof Uint8Array)) {
      if (context.print(channel, isText ? Buffer.from(chunk, encoding) : chunk)) {
        if (done !== undefined) process.nextTick(done);
        return true;
      }
    }
    return isText ? writeThrough(chunk, encoding, done) : writeThrough(chunk, done);
  };
  stream.write = write as Write;
}
