import { rememberTexts } from '../../http/index.js';

/** A file's name on the wire (a byte string) as the text that Node's loader takes; names on disk are UTF-8. */
export const toFileName = rememberTexts((byteString) => Buffer.from(byteString, 'latin1').toString('utf8'), {
  most: 1_000,
  longest: 1_000,
});
