import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createHtaccessParser, loadConfig, type ServerConfig } from '../../src/config/index.js';
import { explainRequest, findAskedRequest, formatExplanation } from '../../src/explain/index.js';

const siteFile = `Listen 8080
ProxyPass /own !
ProxyPass /http http://127.0.0.1:9/x timeout=7
ProxyPass /uwsgi uwsgi://127.0.0.1:9
ProxyPass /ws ws://127.0.0.1:9/
ProxyPass /tls https://127.0.0.1:9/
<Proxy http://127.0.0.1:9/x/private>
Require ip 192.0.2.1
</Proxy>
ProxyPass /fcgi fcgi://127.0.0.1:9/srv
<FilesMatch "\\.php$">
SetHandler "proxy:fcgi://127.0.0.1:9"
</FilesMatch>
<Location /a.php>
ProxyFCGISetEnvIf "true" CHANGED "by-%{reqenv:SCRIPT_NAME}"
ProxyFCGISetEnvIf "%{QUERY_STRING} == 'x'" NEVER
</Location>
`;

let folder: string;
let config: ServerConfig;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'modhost-explain-proxying-'));
  writeFileSync(
    join(folder, 'site.conf'),
    `${siteFile}DocumentRoot ${folder}\n<Directory ${folder}>\nRequire all granted\n</Directory>\n`,
  );
  writeFileSync(join(folder, 'a.php'), '<?php');
  const loaded = loadConfig({ file: join(folder, 'site.conf'), serverRoot: folder, environment: {} });
  if (loaded.config === undefined) throw new Error(JSON.stringify(loaded.mistakes));
  config = loaded.config;
});
afterAll(() => rmSync(folder, { recursive: true }));

async function explain(path: string) {
  const url = `http://localhost:8080${path}`;
  const asked = findAskedRequest(config, { url, method: 'GET', headers: [] });
  if (typeof asked === 'string') throw new Error(asked);
  const parser = createHtaccessParser(config, {});
  return formatExplanation(await explainRequest(config, new Map(), asked, { groups: [] }, parser));
}

describe('explain of ProxyPass', () => {
  it('says who would be asked, by which line, and how', async () => {
    const text = await explain('/http/a%20b?c');
    expect(text).toMatch(/ProxyPass makes http:\/\/127\.0\.0\.1:9\/x\/a b of it +\(\S+site\.conf:3\)/);
    expect(text).toMatch(/passed on to +http:\/\/127\.0\.0\.1:9\/x +\(\S+site\.conf:3\)/);
    expect(text).toContain('GET /x/a%20b?c');
    expect(text).toContain('Host: 127.0.0.1:9');
    expect(text).toContain('X-Forwarded-Host: localhost:8080');
    expect(text).toContain('timeout 7 s, connectiontimeout 7 s');
    expect(text).toMatch(/answer +what the other server says/);
  });

  it('shows the variables that uWSGI gets', async () => {
    expect(await explain('/uwsgi/a')).toContain('PATH_INFO: /a');
  });

  it('shows the variables that FastCGI servers get', async () => {
    expect(await explain('/fcgi/a')).toContain('SCRIPT_FILENAME: proxy:fcgi://127.0.0.1:9/srv/a');
  });

  it.each(['a', 'none'])('shows the handler that is a server: %s.php', async (name) => {
    const text = await explain(`/${name}.php`);
    expect(text).toMatch(
      new RegExp(
        `SetHandler makes fcgi://127\\.0\\.0\\.1:9${folder}/${name}\\.php of it +\\(\\S+site\\.conf:12\\)`,
      ),
    );
    expect(text).not.toContain('handlerPosition');
    expect(text).toMatch(/passed on to +fcgi:\/\/127\.0\.0\.1:9 +\(\S+site\.conf:12\)/);
    expect(text).toContain(`SCRIPT_FILENAME: proxy:fcgi://127.0.0.1:9${folder}/${name}.php`);
  });

  it('shows what ProxyFCGISetEnvIf changes', async () => {
    const text = await explain('/a.php');
    expect(text).toMatch(/ProxyFCGISetEnvIf makes CHANGED 'by-\/a\.php' +\(\S+site\.conf:15\)/);
    expect(text).toContain('CHANGED: by-/a.php');
    expect(text).toMatch(/fcgiVariables = CHANGED of line 15, NEVER of line 16/);
    expect(text).not.toMatch(/(makes|takes) NEVER|NEVER:/);
  });

  it('says that a path is excluded', async () => {
    expect(await explain('/own/a')).toMatch(/ProxyPass !: it is answered here +\(\S+site\.conf:2\)/);
  });

  it('shows the <Proxy> sections, and whom they keep out', async () => {
    const text = await explain('/http/private');
    expect(text).toMatch(/<Proxy http:\/\/127\.0\.0\.1:9\/x\/private> +\(\S+site\.conf:7\)/);
    expect(text).toMatch(/answer +403/);
    expect(text).not.toContain('passed on to');
  });

  it('says why TLS cannot come about', async () => {
    expect(await explain('/tls/')).toContain('SSLProxyEngine is not On');
  });
});
