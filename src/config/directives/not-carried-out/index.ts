import type { Definition } from '../../definition.js';
import { accessRest } from './access.js';
import { answersRest } from './answers.js';
import { coreRest } from './core.js';
import { destinationsRest } from './destinations.js';
import { encryptionRest } from './encryption.js';
import { internalsRest } from './internals.js';
import { wsgiRest } from './wsgi.js';

/**
 * Every other directive of Apache 2.4 and mod_wsgi: known by name and context, with the reason for what happens to it.
 * A directive that gets carried out moves from here into the file of its module.
 */
export const notCarriedOut: readonly Definition[] = [
  ...coreRest,
  ...accessRest,
  ...encryptionRest,
  ...destinationsRest,
  ...answersRest,
  ...internalsRest,
  ...wsgiRest,
];
