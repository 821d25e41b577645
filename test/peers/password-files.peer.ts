import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hosts, makeFolder, type RunningServer, removeFolder, startServer } from './server.js';

const secret = '{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ=';
const other = '{SHA}0L4rnVYTdRvFQnp+Nj9oYXP4wfM=';

/** Whatever may stand in a password file, and who gets in by it: both servers have to agree with each row. */
const file = Buffer.from(
  [
    '# comment:{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ=',
    '',
    `plain:${secret}\r`,
    `  indented:${secret}`,
    `trailing:${secret} \t `,
    `twice:${secret}`,
    `twice:${other}`,
    `more:${secret}:Real Name:more`,
    `two words:${secret}`,
    `blank :${secret}`,
    `j\xf6rg:${secret}`,
    'text:secret',
    'nothing:',
    'alone',
    `:${secret}`,
    `\t#tab:${secret}`,
    `__proto__:${secret}`,
    `last:${secret}`,
  ].join('\n'),
  'latin1',
);

describe.each(hosts)('a password file on %s', (host) => {
  let folder: string;
  let server: RunningServer;

  beforeAll(async () => {
    folder = makeFolder();
    writeFileSync(join(folder, 'htpasswd'), file);
    writeFileSync(join(folder, 'page'), 'in');
    server = await startServer(
      host,
      `
AliasMatch ^ ${join(folder, 'page')}
<Location />
    AuthType Basic
    AuthName Private
    AuthUserFile ${folder}/htpasswd
    Require valid-user
</Location>`,
      folder,
    );
  });
  afterAll(async () => {
    await server?.stop();
    removeFolder(folder);
  });

  it.each([
    ['plain:secret', 200],
    ['indented:secret', 200],
    ['  indented:secret', 401],
    ['trailing:secret', 200],
    ['twice:secret', 200],
    ['twice:other', 401],
    ['more:secret', 200],
    ['two words:secret', 200],
    ['blank:secret', 401],
    ['blank :secret', 200],
    ['j\xf6rg:secret', 200],
    ['j\xc3\xb6rg:secret', 401],
    ['PLAIN:secret', 401],
    ['text:secret', 401],
    ['nothing:', 401],
    ['nothing:secret', 401],
    ['alone:', 401],
    [':secret', 200],
    ['# comment:secret', 401],
    ['#tab:secret', 401],
    ['__proto__:secret', 200],
    ['constructor:secret', 401],
    ['last:secret', 200],
    [`plain:${secret}`, 401],
    ['plain', 401],
    ['plain:secret\0more', 200],
    ['plain:secret:more', 401],
  ])('%j: %i', async (credentials, status) => {
    const authorization = `Basic ${Buffer.from(credentials, 'latin1').toString('base64')}`;
    const response = await fetch(server.origin, { headers: { authorization } });
    await response.arrayBuffer();
    expect(response.status).toBe(status);
  });
});
