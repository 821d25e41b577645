import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { loadConfig, type Mistake, mistakeCodes } from '../../src/config/index.js';
import { projectRoot } from './installed.js';

/** Site files as people wrote them, beside the project: not part of it, so that they may be absent. */
const folder = join(projectRoot, '../shared/site-files');

/** What Apache and modhost say of one of them. */
export interface JudgedSiteFile {
  readonly name: string;
  /** `ok`, or Apache's message once files and accounts that only the author has are set aside. */
  readonly apache: string;
  /** *waits*: only for something that modhost does not carry out yet. */
  readonly modhost: 'loads' | 'waits' | 'refuses';
  readonly errors: readonly Mistake[];
}

/** All of them; undefined if they are not here. */
export function judgeSiteFiles(): JudgedSiteFile[] | undefined {
  const index = join(folder, 'index.tsv');
  if (!existsSync(index)) return undefined;
  return readFileSync(index, 'utf8')
    .trim()
    .split('\n')
    .slice(1)
    .map((line) => {
      const [name = '', , , apache = ''] = line.split('\t');
      return { name, apache, ...judge(join(folder, 'dev', name)) };
    });
}

/** Files, accounts and process groups that the author has elsewhere, and the Listen of the file around a fragment. */
const setAside: readonly string[] = [
  mistakeCodes['unreadable-site-file'].code,
  mistakeCodes.include.code,
  mistakeCodes['no-such-account'].code,
  mistakeCodes['no-such-directory'].code,
  mistakeCodes['unknown-process-group'].code,
  mistakeCodes['no-listener'].code,
  mistakeCodes['tls-file-missing'].code,
  mistakeCodes['missing-file'].code,
];

const notYet: readonly string[] = [mistakeCodes.refused.code, mistakeCodes['argument-refused'].code];

function judge(file: string): Pick<JudgedSiteFile, 'modhost' | 'errors'> {
  const { mistakes } = loadConfig({ file, environment: {} });
  const errors = mistakes.filter(({ severity, code }) => severity === 'error' && !setAside.includes(code));
  if (errors.length === 0) return { modhost: 'loads', errors };
  return { modhost: errors.every(({ code }) => notYet.includes(code)) ? 'waits' : 'refuses', errors };
}
