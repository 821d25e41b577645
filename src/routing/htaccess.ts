import type {
  DirectorySettings,
  Mistake,
  Overrides,
  ParseHtaccess,
  Section,
  VirtualHost,
} from '../config/model.js';
import type { AccessFiles, OpenedFile } from './access-files.js';
import { type CompiledSection, compileSection } from './sections.js';

/** What reading .htaccess files needs of the rest of the server. */
export interface HtaccessPorts {
  readonly parse: ParseHtaccess;
  /** Once, when a file is read. */
  warn(virtualHost: VirtualHost, text: string): void;
}

/** Why a request cannot go on: a .htaccess file that may hold a protection cannot be understood, or not be read. */
export interface HtaccessRefusal {
  readonly kind: 'refusal';
  readonly status: 403 | 500;
  readonly level: 'alert' | 'crit';
  readonly reason: string;
}

/** The .htaccess file of a directory (byte string, without slash at the end: '' is the root) as a section; undefined if there is none. */
export type ReadHtaccess = (
  directory: string,
  overrides: Overrides,
) => CompiledSection | HtaccessRefusal | undefined;

/** A file, as it was when it was read, and what came of it. */
interface Understood {
  readonly opened: OpenedFile;
  readonly overrides: Overrides;
  readonly outcome: CompiledSection | HtaccessRefusal;
}

/** As many files are remembered; they are only names that exist. */
const mostFiles = 5_000;

/** Whoever writes such a file does not fill the log of the server. */
const mostWarned = 20;

/** Reads the files of one virtual host. What was understood is kept until the file changes; then `forget` is called. */
export function createHtaccessReader(
  virtualHost: VirtualHost,
  files: AccessFiles,
  ports: HtaccessPorts,
  forget: () => void,
): ReadHtaccess {
  const understood = new Map<string, Understood>();
  const { accessFileNames } = virtualHost.settings;

  const warnOf = (file: string, warnings: readonly Mistake[]): void => {
    for (const warning of warnings.slice(0, mostWarned)) ports.warn(virtualHost, describeMistake(warning));
    const more = warnings.length - mostWarned;
    if (more > 0) ports.warn(virtualHost, `${fromBytes(file)}: and ${more} more warnings`);
  };

  const understand = (directory: string, opened: OpenedFile, overrides: Overrides): Understood => {
    const { file, content } = opened;
    const text = ports.parse({
      file: fromBytes(file),
      directory: fromBytes(directory),
      content,
      overrides,
      virtualHost,
    });
    if (text.kind === 'mistakes') return { opened, overrides, outcome: refuseMistakes(file, text.mistakes) };
    warnOf(file, text.warnings);
    remember(text.section);
    return { opened, overrides, outcome: compileSection(text.section, 0) };
  };

  return (directory, overrides) => {
    for (const name of accessFileNames) {
      const file = `${directory}/${name}`;
      const known = understood.get(file);
      const opened = files.open(file, overrides, known?.opened);
      if (opened === undefined) {
        if (known !== undefined) {
          understood.delete(file);
          forget();
        }
        continue;
      }
      if (opened.kind === 'refused') return refuseFile(file, opened.reason);
      if (known?.opened === opened && known.overrides === overrides) return known.outcome;
      if (understood.size >= mostFiles) {
        understood.clear();
        forget();
      }
      const isSameText = known?.overrides === overrides && known.opened.content.equals(opened.content);
      if (known !== undefined && !isSameText) forget();
      const fresh = isSameText ? { ...known, opened } : understand(directory, opened, overrides);
      understood.set(file, fresh);
      return fresh.outcome;
    }
    return undefined;
  };
}

/** Settings of .htaccess files, to find the way back to the line. */
const sectionsBySettings = new WeakMap<DirectorySettings, Section>();

/** The .htaccess file, or the section in one, that has said these settings. */
export function findHtaccessSection(settings: DirectorySettings): Section | undefined {
  return sectionsBySettings.get(settings);
}

function remember(section: Section): void {
  sectionsBySettings.set(section.settings, section);
  section.sections.forEach(remember);
}

/** In httpd's words as far as it has some. The client learns nothing of it. */
function refuseFile(file: string, why: string): HtaccessRefusal {
  const reason = `${file}: unable to check htaccess file, ensure it is readable and that its directory is executable: ${why}`;
  return { kind: 'refusal', status: 403, level: 'crit', reason };
}

function refuseMistakes(file: string, mistakes: readonly Mistake[]): HtaccessRefusal {
  const [first] = mistakes;
  const more = mistakes.length > 1 ? ` (and ${mistakes.length - 1} more)` : '';
  const reason = first === undefined ? `${file}: cannot be read` : describeMistake(first) + more;
  return { kind: 'refusal', status: 500, level: 'alert', reason };
}

/** `file:line:column: Directive: message` on one line; `X not allowed here` as httpd says it. */
function describeMistake({ position, column, directive, message }: Mistake): string {
  const where = [position.file, ...(position.line > 0 ? [position.line] : []), ...(column ? [column] : [])];
  const what = directive === undefined ? '' : `${directive}${message.startsWith('not allowed') ? ' ' : ': '}`;
  return `${where.join(':')}: ${what}${message}`;
}

/** For messages: byte strings are UTF-8 nearly always. */
function fromBytes(byteString: string): string {
  return Buffer.from(byteString, 'latin1').toString('utf8');
}
