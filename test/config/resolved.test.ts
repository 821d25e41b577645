import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadConfig, resolveSite } from '../../src/config/index.js';

let root = '';

beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'modhost-resolved-'));
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

const site = `Define NAME shop
<Macro Host $port>
  <VirtualHost *:$port>
    ServerName \${NAME}.example.com
  </VirtualHost>
</Macro>
<IfDefine !NEVER>
  Include more.conf
</IfDefine>
<IfDefine NEVER>
  Nonsense
</IfDefine>
# a comment
Use Host 8081
SetEnv PATHS "a b" 'c'
SetEnv Q continued\\
  words
SetEnv DB_PASSWORD hunter2
SetEnv DATABASE_URL postgres://shop:hunter2@db/shop
<Location /a>
  AuthBasicFake admin hunter2
  RequestHeader set Authorization "Basic hunter2"
</Location>
SetEnv ENDS in\\\\`;

describe('modhost config --resolved', () => {
  const resolveText = () => {
    writeFileSync(join(root, 'site.conf'), site);
    writeFileSync(join(root, 'more.conf'), 'Timeout 5\n');
    return resolveSite({ file: 'site.conf', serverRoot: root, before: ['Listen 8080'], environment: {} });
  };

  it('shows what is left and where it comes from', () => {
    expect(resolveText().text?.replaceAll(root, '$ROOT')).toBe(`ServerRoot "$ROOT"
# -C directive:1
Listen 8080
# $ROOT/more.conf:1
Timeout 5
# $ROOT/site.conf:3 in the macro 'Host' used at $ROOT/site.conf:14
<VirtualHost *:8081>
    # $ROOT/site.conf:4 in the macro 'Host' used at $ROOT/site.conf:14
    ServerName shop.example.com
</VirtualHost>
# $ROOT/site.conf:15
SetEnv PATHS "a b" 'c'
# $ROOT/site.conf:17
SetEnv Q continued  words
# $ROOT/site.conf:18
SetEnv DB_PASSWORD ***
# $ROOT/site.conf:19
SetEnv DATABASE_URL postgres://shop:***@db/shop
# $ROOT/site.conf:20
<Location /a>
    # $ROOT/site.conf:21
    AuthBasicFake ***
    # $ROOT/site.conf:22
    RequestHeader set Authorization ***
</Location>
# $ROOT/site.conf:24
SetEnv ENDS in\\\\ 
`);
  });

  it('is a site file that means the same', () => {
    const load = (name: string) => {
      const result = loadConfig({ file: name, serverRoot: root, before: [], environment: {} });
      return JSON.stringify(result.config?.mainServer.directorySettings.logLevel ?? result.mistakes);
    };
    writeFileSync(
      join(root, 'site.conf'),
      'Listen 8080\nSetEnv A "b c"\n<Location /x>\nRequire all denied\n</Location>\n',
    );
    const { text = '' } = resolveSite({ file: 'site.conf', serverRoot: root, environment: {} });
    writeFileSync(join(root, 'again.conf'), text);
    expect(load('again.conf')).toBe(load('site.conf'));
    const { text: again = '' } = resolveSite({ file: 'again.conf', serverRoot: root, environment: {} });
    const directives = (lines: string) =>
      lines.split('\n').filter((line) => !/^\s*(#|ServerRoot)/.test(line));
    expect(directives(again)).toEqual(directives(text));
  });

  it('says what is wrong with reading', () => {
    expect(resolveSite({ file: 'none.conf', serverRoot: root, environment: {} })).toEqual({
      mistakes: [expect.objectContaining({ code: 'MH0101' })],
    });
  });
});
