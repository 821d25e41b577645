import { type Definition, flag, honoured, inModule, insideSections, list } from '../definition.js';

/** Guests, who give their address as password. */
export const authnAnon: readonly Definition[] = inModule('authn_anon', [
  honoured(
    'Anonymous',
    insideSections,
    list('user …'),
    'Names of guests, who need no password; * is everybody.',
    (here, users) => {
      here.section.settings.anonymousUsers = users;
    },
  ),
  honoured(
    'Anonymous_MustGiveEmail',
    insideSections,
    flag,
    'Whether the password of a guest must not be empty.',
    (here, on) => {
      here.section.settings.anonymousMustGiveEmail = on;
    },
    'On',
  ),
  honoured(
    'Anonymous_VerifyEmail',
    insideSections,
    flag,
    'Whether the password of a guest must look like an address: with an @ and a dot.',
    (here, on) => {
      here.section.settings.anonymousVerifyEmail = on;
    },
    'Off',
  ),
  honoured(
    'Anonymous_LogEmail',
    insideSections,
    flag,
    'Whether the error log notes the password of a guest.',
    (here, on) => {
      here.section.settings.anonymousLogEmail = on;
    },
    'On',
  ),
  honoured(
    'Anonymous_NoUserID',
    insideSections,
    flag,
    'Whether a guest may leave the name empty.',
    (here, on) => {
      here.section.settings.anonymousNeedsNoUser = on;
    },
    'Off',
  ),
]);
