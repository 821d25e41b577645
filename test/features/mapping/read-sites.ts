import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export interface MappingCase {
  /** `[METHOD ]target[ | Header: value]…[ | body=text]` */
  readonly request: string;
  /** As summarise() writes it. */
  readonly modhost: string;
  readonly apache: string;
}

/** A virtual host named after its file, and what is asked of it. */
export interface MappingSite {
  readonly name: string;
  readonly siteFile: string;
  readonly cases: readonly MappingCase[];
  /** It holds what Apache does not have. */
  readonly isOursOnly: boolean;
}

const folder = fileURLToPath(new URL('.', import.meta.url));

/** Every *.txt beside this file; see README.md. @throws Error for a line that is no case */
export function readSites(): MappingSite[] {
  return readdirSync(folder)
    .filter((name) => name.endsWith('.txt'))
    .sort()
    .map((name) => readSite(name));
}

function readSite(fileName: string): MappingSite {
  const [siteFile = '', lines = ''] = readFileSync(join(folder, fileName), 'utf8').split(/^-{4,}\n/m);
  const cases: MappingCase[] = [];
  for (const line of lines.split('\n').filter((text) => text !== '')) {
    const difference = /^ {4}Apache: (.*?) {2}# ./.exec(line);
    const last = cases.at(-1);
    if (difference?.[1] !== undefined && last !== undefined) {
      cases[cases.length - 1] = { ...last, apache: difference[1] };
      continue;
    }
    const [request, answer, ...more] = line.split(' => ');
    if (request === undefined || answer === undefined || more.length > 0)
      throw new Error(`${fileName}: not a case: ${line}`);
    cases.push({ request, modhost: answer, apache: answer });
  }
  const name = basename(fileName, '.txt');
  return { name, siteFile, cases, isOursOnly: siteFile.startsWith('# modhost only') };
}

/** One site file of them all, for a server whose files are below `root`. */
export function joinSites(sites: readonly MappingSite[], root: string): string {
  const hosts = sites.map(
    ({ name, siteFile }) =>
      `<VirtualHost *>\nServerName ${name}.test\nDocumentRoot ${root}/docs\n${siteFile}</VirtualHost>\n`,
  );
  return `
TypesConfig ${root}/types
WSGIDaemonProcess apps threads=4
WSGIProcessGroup apps
<Directory ${root}>
    Require all granted
</Directory>
${hosts.join('').replaceAll('@ROOT@', root)}`;
}
