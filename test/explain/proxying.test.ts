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
`;

let folder: string;
let config: ServerConfig;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'modhost-explain-proxying-'));
  writeFileSync(join(folder, 'site.conf'), siteFile);
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
