import { copyText } from '../http/index.js';

/** More than most tracebacks, and little enough to keep, also where nobody asks. */
const mostLines = 100;
const mostCharacters = 300;

/** Lines that say what went wrong, in either language. */
const tellsWhy = /\b\w*(Error|Exception|Exit|Interrupt)\b/;

/** What the processes of a pool print until it is known whether they serve: of it, an operator is told one line. */
export class FirstWords {
  #lines: string[] | undefined = [];

  note(line: string): void {
    if (this.#lines !== undefined && this.#lines.length < mostLines)
      this.#lines.push(copyText(line.slice(0, mostCharacters)));
  }

  /** The line that says why, behind the first one that names `subject` if that is given. */
  explain(subject = ''): string | undefined {
    const lines = this.#lines ?? [];
    const at = lines.findIndex((line) => line.includes(subject));
    if (at === -1) return undefined;
    return lines.slice(at).find((line) => tellsWhy.test(line)) ?? lines[at];
  }

  /** Nobody will ask again. */
  forget(): void {
    this.#lines = undefined;
  }
}
