/** Tells the process and the digest of what was uploaded, and notes the first bytes of each upload in a file beside it. */
import { createHash } from 'node:crypto';
import { appendFileSync } from 'node:fs';
import { join } from 'node:path';

export default async function handler(request, response) {
  response.setHeader('Content-Type', 'text/plain');
  if (request.url.endsWith('/pid')) return response.end(String(process.pid));
  const digest = createHash('sha256');
  let hasBegun = false;
  for await (const piece of request) {
    digest.update(piece);
    if (!hasBegun) appendFileSync(join(import.meta.dirname, 'begun'), `${request.url}\n`);
    hasBegun = true;
  }
  response.end(`${process.pid} ${digest.digest('hex')}`);
}
