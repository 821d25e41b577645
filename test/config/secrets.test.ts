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
  ['ProxyFCGISetEnvIf true !DB_PASSWORD', 'ProxyFCGISetEnvIf true !DB_PASSWORD'],
  ['SetEnv "API_KEY" x', 'SetEnv "API_KEY" ***'],
  ['SetEnvIf Host . COLOUR=red DB_PASSWORD=x', 'SetEnvIf Host . COLOUR=red DB_PASSWORD=***'],
  ['SetEnvIfNoCase Host . "TOKEN=two words" A=b', 'SetEnvIfNoCase Host . TOKEN=*** A=b'],
  [`BrowserMatch it's TOKEN=x`, `BrowserMatch it's TOKEN=***`],
  [String.raw`ProxyPass /a ajp://h secret="a\"b c" timeout=3`, 'ProxyPass /a ajp://h secret=*** timeout=3'],
  ['BalancerMember http://h hcpasses=2', 'BalancerMember http://h hcpasses=2'],
])('%s', (line, shown) => {
  expect(hideSecrets(line)).toBe(shown);
});

it('takes no time that grows faster than the line', () => {
  const line = `WSGIDaemonProcess a env="${`\\"' `.repeat(200_000)}\\`;
  const start = performance.now();
  hideSecrets(line);
  hideSecrets(line.replace('WSGIDaemonProcess', 'SetEnvIf'));
  hideSecrets(line.replace('WSGIDaemonProcess', 'ProxyFCGISetEnvIf'));
  expect(performance.now() - start).toBeLessThan(2_000);
});
