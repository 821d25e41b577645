// Writes the pages that are made from the code; `npm run docs` builds first.
import { writeFileSync } from 'node:fs';
import { formatDirectivePage, formatErrorPage } from '../dist/cli/index.js';
import { definitions, mistakeCodes } from '../dist/config/index.js';

const write = (name, text) => writeFileSync(new URL(name, import.meta.url), text);
write('errors.md', formatErrorPage(Object.values(mistakeCodes)));
write('directives.md', formatDirectivePage(definitions));
