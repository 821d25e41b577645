import type { Mistake, Position } from './model.js';

/** Where a line came from. `origin` says how it was read when that is not the file itself (a macro). */
export interface Place {
  readonly position: Position;
  readonly origin?: string;
}

/** Collects what is wrong, so that one run reports everything. */
export class MistakeList {
  readonly all: Mistake[] = [];

  error(place: Place, directive: string | undefined, message: string): void {
    this.#add('error', place, directive, message);
  }

  warning(place: Place, directive: string | undefined, message: string): void {
    this.#add('warning', place, directive, message);
  }

  #add(severity: Mistake['severity'], place: Place, directive: string | undefined, message: string): void {
    this.all.push({
      severity,
      position: place.position,
      ...(directive === undefined ? {} : { directive }),
      message: place.origin === undefined ? message : `${message} (${place.origin})`,
    });
  }
}

/** `file:line: Directive: what was expected`; the line is left out when the mistake is one of the whole file (line 0). */
export function formatMistake(mistake: Mistake): string {
  const { file, line } = mistake.position;
  const where = line > 0 ? `${file}:${line}` : file;
  const what = mistake.directive === undefined ? '' : `${mistake.directive}: `;
  const kind = mistake.severity === 'warning' ? 'warning: ' : '';
  return `${where}: ${kind}${what}${printable(mistake.message)}`;
}

/** Mistakes in the order in which somebody reads the files. */
export function sortMistakes(mistakes: readonly Mistake[], filesRead: readonly string[]): Mistake[] {
  const rank = new Map(filesRead.map((file, index) => [file, index]));
  const rankOf = ({ position }: Mistake) => rank.get(position.file) ?? -1;
  return [...mistakes].sort((a, b) => rankOf(a) - rankOf(b) || a.position.line - b.position.line);
}

/** A site file may hold anything; a terminal shall see only text. */
function printable(text: string): string {
  return text.replace(
    /[\x00-\x1f\x7f-\x9f]/g,
    (character) => `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`,
  );
}
