/** A terminal, a pipe or a file. */
export type PasswordStream = NodeJS.ReadableStream & {
  readonly isTTY?: boolean;
  setRawMode?(raw: boolean): unknown;
};

export interface PasswordInput {
  /** The next line as a byte string, without its end; undefined: interrupted, or there is none. */
  ask(prompt: string): Promise<string | undefined>;
  /** Gives the stream back as it was. */
  close(): void;
}

const interrupt = 3;
const endOfInput = 4;
const backspace = 8;
const lineFeed = 10;
const carriageReturn = 13;
const killLine = 21;
const deleteKey = 127;

/** Reads lines, from a terminal without echo. Prompts, and the line ends that were not echoed, go to `prompts`. */
export function openPasswordInput(stream: PasswordStream, prompts: NodeJS.WritableStream): PasswordInput {
  const isTerminal = stream.isTTY === true && stream.setRawMode !== undefined;
  const lines: string[] = [];
  let typed: number[] = [];
  let ended = false;
  let wake = () => {};

  function take(byte: number): void {
    if (byte === lineFeed || (isTerminal && byte === carriageReturn)) {
      lines.push(Buffer.from(typed).toString('latin1'));
      typed = [];
    } else if (isTerminal && (byte === interrupt || (byte === endOfInput && typed.length === 0))) end();
    else if (isTerminal && (byte === backspace || byte === deleteKey)) dropLastCharacter(typed);
    else if (isTerminal && byte === killLine) typed = [];
    else typed.push(byte);
  }

  function end(): void {
    // A last line need not have an end, but on a terminal it was given up.
    if (!isTerminal && typed.length > 0) lines.push(Buffer.from(typed).toString('latin1'));
    typed = [];
    ended = true;
  }

  function onData(chunk: Buffer | string): void {
    for (const byte of Buffer.from(chunk as Buffer)) if (!ended) take(byte);
    wake();
  }

  function onEnd(): void {
    if (!ended) end();
    wake();
  }

  if (isTerminal) stream.setRawMode?.(true);
  stream.on('data', onData).on('end', onEnd).on('error', onEnd);

  return {
    async ask(prompt) {
      if (prompt !== '') prompts.write(prompt);
      while (lines.length === 0 && !ended) await new Promise<void>((resolve) => (wake = resolve));
      if (prompt !== '') prompts.write('\n');
      const line = lines.shift();
      return isTerminal ? line : line?.replace(/\r$/, '');
    },
    close() {
      stream.off('data', onData).off('end', onEnd).off('error', onEnd);
      if (isTerminal) stream.setRawMode?.(false);
      stream.pause();
    },
  };
}

/** A character of UTF-8 is its first byte and the continuation bytes after it. */
function dropLastCharacter(typed: number[]): void {
  let byte = typed.pop();
  while (byte !== undefined && (byte & 0xc0) === 0x80) byte = typed.pop();
}
