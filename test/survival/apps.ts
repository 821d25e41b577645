import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Both runtimes answer the word they were written with. */
export const scripts = ['app.py', 'app.mjs'] as const;

/** Writes a script whose answer is that word, and which can be broken. */
export function writeScript(folder: string, name: string, word: string): void {
  writeFileSync(join(folder, name), name.endsWith('.py') ? python(word) : javascript(word));
}

const python = (word: string) => `def application(environ, start_response):
    start_response('200 OK', [('Content-Type', 'text/plain'), ('Content-Length', '${word.length}')])
    return [b'${word}']
`;

const javascript = (word: string) => `export default (req, res) => res.end('${word}');
`;
