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
])('%s', (line, shown) => {
  expect(hideSecrets(line)).toBe(shown);
});
