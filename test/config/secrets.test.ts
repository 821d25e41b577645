import { expect, it } from 'vitest';
import { hideSecrets } from '../../src/config/secrets.js';

it.each([
  ['WSGIDaemonProcess a env=DB_PASSWORD=x threads=2', 'WSGIDaemonProcess a env=DB_PASSWORD=*** threads=2'],
  [
    `WSGIDaemonProcess a 'env=SECRET_KEY=two words' threads=2`,
    'WSGIDaemonProcess a env=SECRET_KEY=*** threads=2',
  ],
  ['WSGIDaemonProcess a env=API_KEY="two words" x=1', 'WSGIDaemonProcess a env=API_KEY=*** x=1'],
  ['WSGIDaemonProcess a env="TOKEN=two words" x=1', 'WSGIDaemonProcess a env=TOKEN=*** x=1'],
  ['WSGIDaemonProcess a env=DB=postgres://u:p@h/d', 'WSGIDaemonProcess a env=DB=postgres://u:***@h/d'],
  ['WSGIDaemonProcess a env=COLOUR=red home=/srv', 'WSGIDaemonProcess a env=COLOUR=red home=/srv'],
  [
    String.raw`WSGIDaemonProcess a env="DB_PASSWORD=ab\"cd ef" threads=2`,
    'WSGIDaemonProcess a env=DB_PASSWORD=*** threads=2',
  ],
  [String.raw`WSGIDaemonProcess a 'env=API_KEY=it\'s me'`, 'WSGIDaemonProcess a env=API_KEY=***'],
  ['WSGIDaemonProcess a env=TOKEN="a b"c x=1', 'WSGIDaemonProcess a env=TOKEN=*** x=1'],
  ['WSGIDaemonProcess a env="TOKEN=never closed', 'WSGIDaemonProcess a env=TOKEN=***'],
  ['ProxyFCGISetEnvIf true DB_PASSWORD hunter2', 'ProxyFCGISetEnvIf true DB_PASSWORD ***'],
  [
    String.raw`ProxyFCGISetEnvIf "%{HTTP:X} == \"y z\"" "API_KEY" 'two words'`,
    String.raw`ProxyFCGISetEnvIf "%{HTTP:X} == \"y z\"" "API_KEY" ***`,
  ],
  ['ProxyFCGISetEnvIf true DB postgres://u:p@h/d', 'ProxyFCGISetEnvIf true DB postgres://u:***@h/d'],
  [`ProxyFCGISetEnvIf it's DB_PASSWORD x`, `ProxyFCGISetEnvIf it's DB_PASSWORD ***`],
  ['ProxyFCGISetEnvIf true COLOUR red', 'ProxyFCGISetEnvIf true COLOUR red'],
  ['ProxyFCGISetEnvIf true !DB_PASSWORD', 'ProxyFCGISetEnvIf true !DB_PASSWORD'],
  ['SetEnv "API_KEY" x', 'SetEnv "API_KEY" ***'],
  ['SetEnvIf Host . COLOUR=red DB_PASSWORD=x', 'SetEnvIf Host . COLOUR=red DB_PASSWORD=***'],
  ['SetEnvIf Host ^x URL=postgres://u:hunter2@h/db', 'SetEnvIf Host ^x URL=postgres://u:***@h/db'],
  ['SetEnvIfNoCase Host . "TOKEN=two words" A=b', 'SetEnvIfNoCase Host . TOKEN=*** A=b'],
  [`BrowserMatch it's TOKEN=x`, `BrowserMatch it's TOKEN=***`],
  ['RewriteRule ^/a - [E=PASSWORD:x]', 'RewriteRule ^/a - [E=PASSWORD:***]'],
  [
    'RewriteRule ^/a{1,3} - [L,E=COLOUR:red,env=API_KEY:a[b]c,E=SIZE:2]',
    'RewriteRule ^/a{1,3} - [L,E=COLOUR:red,env=API_KEY:***,E=SIZE:2]',
  ],
  [
    'RewriteRule "^/a b" - "[NE, e=DB_PASSWORD:two words]"',
    'RewriteRule "^/a b" - "[NE, e=DB_PASSWORD:***]"',
  ],
  ['RewriteRule ^ - [E=%{ENV:WHICH}_TOKEN:x,L]', 'RewriteRule ^ - [E=%{ENV:WHICH}_TOKEN:***,L]'],
  ['RewriteRule ^ - [E=TOKEN:never closed', 'RewriteRule ^ - [E=TOKEN:***'],
  ['RewriteRule ^[e=a:] - [E=TOKEN:x]', 'RewriteRule ^[e=a:] - [E=TOKEN:***]'],
  ['RewriteRule ^ - [E=URL:postgres://u:p@h/d]', 'RewriteRule ^ - [E=URL:postgres://u:***@h/d]'],
  ['RewriteRule ^ - [E=!PASSWORD,R=302]', 'RewriteRule ^ - [E=!PASSWORD,R=302]'],
  ['RequestHeader set Authorization "Basic x"', 'RequestHeader set Authorization ***'],
  ['Header always set "X-Secret:" a env=B', 'Header always set "X-Secret:" ***'],
  ['Header edit Set-Cookie ^ x', 'Header edit Set-Cookie ***'],
  ['Header set X-Foo "password=hunter14"', 'Header set X-Foo password=***'],
  ['RequestHeader set X-Foo "secret=x y" env=B', 'RequestHeader set X-Foo secret=*** ***'],
  ['Header set Foo "Authorization: hunter2"', 'Header set Foo "Authorization: ***'],
  ['Header edit X ^a "Cookie hunter2"', 'Header edit X ^a "Cookie ***'],
  ['Header set X postgres://u:p@h/d', 'Header set X postgres://u:***@h/d'],
  ['Header append Vary Cookie', 'Header append Vary Cookie'],
  [
    'Header set Access-Control-Allow-Headers "Authorization, Accept"',
    'Header set Access-Control-Allow-Headers "Authorization, Accept"',
  ],
  ['RewriteRule ^/a http://h/?password=hunter2 [P]', 'RewriteRule ^/a http://h/?password=*** [P]'],
  [
    'RewriteRule ^/a "http://h/?secret=x" [E=TOKEN:y,P]',
    'RewriteRule ^/a http://h/?secret=*** [E=TOKEN:***,P]',
  ],
  ['Header set X-Colour red', 'Header set X-Colour red'],
  ['Header unset X-Api-Key', 'Header unset X-Api-Key'],
  [String.raw`ProxyPass /a ajp://h secret="a\"b c" timeout=3`, 'ProxyPass /a ajp://h secret=*** timeout=3'],
  ['ProxyPass /a ajp://h "secret=two words" x=1', 'ProxyPass /a ajp://h secret=*** x=1'],
  ['BalancerMember http://h hcpasses=2', 'BalancerMember http://h hcpasses=2'],
])('%s', (line, shown) => {
  expect(hideSecrets(line)).toBe(shown);
});

it.each([
  ['WSGIDaemonProcess a ', `a"b'`],
  ['SetEnvIf Host "', 'A_KEY='],
  ['ProxyFCGISetEnvIf "', String.raw`\"`],
  ['ProxyPass "', 'secret ="'],
  ['RewriteRule ', '[E=a'],
  ['RewriteRule ', '[E={%{'],
  ['RewriteRule ', '[E=a:'],
  ['Header "', '" x'],
  ['Header set X ', 'Cookie '],
  ['Header set X ', ' '],
  ['RewriteRule ', 'password='],
])('a line of 16 MiB with %s%s… is read', (start, part) => {
  const line = start + part.repeat((16 * 1024 * 1024) / part.length);
  expect(hideSecrets(line).length).toBeLessThanOrEqual(line.length);
});
