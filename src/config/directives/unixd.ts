import { findGroup, findUser } from '../accounts.js';
import { honoured, inModule, mainServerOnly, one } from '../definition.js';

/** The account of the front ends. */
export const unixd = inModule('unixd', [
  honoured(
    'User',
    mainServerOnly,
    one('name|#id'),
    'Account of the front ends, when started as root.',
    (here, name) => {
      const id = findUser(name);
      if (id === undefined)
        here.fail(`there is no user '${name}'; expected the name of an account or #id`, {
          kind: 'no-such-account',
        });
      else if (id === 0)
        here.fail('front ends must not run as root; expected another user', { kind: 'no-such-account' });
      else here.draft.global.user = name;
    },
  ),
  honoured(
    'Group',
    mainServerOnly,
    one('name|#id'),
    'Group of the front ends, when started as root.',
    (here, name) => {
      const id = findGroup(name);
      if (id === undefined)
        here.fail(`there is no group '${name}'; expected the name of a group or #id`, {
          kind: 'no-such-account',
        });
      else here.draft.global.group = name;
    },
  ),
]);
