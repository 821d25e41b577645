/** The most bytes of one line. */
const longestLine = 8_192;

/** What another server writes for the error log, line by line. */
export class ErrorLines {
  readonly #log: (line: string) => void;
  #pending = '';

  constructor(log: (line: string) => void) {
    this.#log = log;
  }

  take(bytes: Buffer): void {
    const lines = (this.#pending + bytes.toString('latin1')).split('\n');
    this.#pending = lines.pop() ?? '';
    for (const line of lines) this.#say(line);
    while (this.#pending.length > longestLine) {
      this.#say(this.#pending.slice(0, longestLine));
      this.#pending = this.#pending.slice(longestLine);
    }
  }

  /** Nothing more comes. */
  end(): void {
    this.#say(this.#pending);
    this.#pending = '';
  }

  #say(line: string): void {
    const text = line.replace(/\r$/, '');
    for (let at = 0; at < text.length; at += longestLine) this.#log(text.slice(at, at + longestLine));
  }
}
