import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Who may enter, as tables: a file of `test/auth/access` is a site file, a line of dashes, and requests with what comes of them:
 *
 *     METHOD PATH [from ADDRESS] [as NAME:PASSWORD] [env NAME,…] -> in | in as NAME | 401 | 403 | 500 [, Apache: the same]
 *
 * `$ROOT` is the ServerRoot that `prepareRoot` fills. Without `from` a request comes from 127.0.0.1. The results are real Apache's,
 * which `test/peers/access.peer.ts` asks again, but where another one is given for it: there modhost differs on purpose.
 */
export interface AccessTable {
  readonly name: string;
  readonly siteFile: string;
  readonly cases: readonly AccessCase[];
}

export interface AccessCase {
  /** The line without its result. */
  readonly line: string;
  readonly method: string;
  readonly path: string;
  readonly address: string;
  /** `name:password`. */
  readonly credentials?: string;
  /** Names of variables that are set before access is decided. */
  readonly variables: readonly string[];
  readonly expected: string;
  readonly expectedOfApache: string;
}

const folder = join(import.meta.dirname, 'access');

/** Every table there is. */
export function readAccessTables(): AccessTable[] {
  return readdirSync(folder).map((file) =>
    parseTable(file.replace(/\.txt$/, ''), readFileSync(join(folder, file), 'utf8')),
  );
}

/** The site file with its place in it. */
export function placeSiteFile({ siteFile }: AccessTable, root: string): string {
  return siteFile.replaceAll('$ROOT', root);
}

/** Makes what the site files name: users bob and amy, elsewhere carl, all with the password "secret", and
 * the group staff, which is bob. */
export function prepareRoot(root: string): void {
  mkdirSync(join(root, 'htdocs'), { recursive: true });
  writeFileSync(join(root, 'htdocs/page'), 'in\n');
  const hash = '{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ=';
  writeFileSync(join(root, 'htpasswd'), `bob:${hash}\namy:${hash}\n`);
  writeFileSync(join(root, 'htpasswd-more'), `carl:${hash}\n`);
  writeFileSync(join(root, 'groups'), 'staff: bob\n');
}

function parseTable(name: string, text: string): AccessTable {
  const [siteFile = '', lines = ''] = text.split(/^-{10,}\n/m);
  const cases = lines.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return { name, siteFile, cases: cases.map(parseCase) };
}

function parseCase(text: string): AccessCase {
  const [line = '', results = ''] = text.split(/ +-> /);
  const [expected = '', expectedOfApache = expected] = results.split(', Apache: ');
  const match =
    /^(?<method>\S+) (?<path>\/\S*)(?: from (?<address>\S+))?(?: as (?<credentials>\S+))?(?: env (?<variables>\S+))?$/.exec(
      line,
    )?.groups;
  if (match === undefined) throw new Error(`not a case: ${text}`);
  const { method = '', path = '', address = '127.0.0.1', credentials, variables } = match;
  return {
    line,
    method,
    path,
    address,
    ...(credentials === undefined ? {} : { credentials }),
    variables: variables?.split(',') ?? [],
    expected,
    expectedOfApache,
  };
}
