/** What the site asks: names and passwords come as bytes, one character each. */

import { openUsers } from './users.mjs';

const users = openUsers(process.env.USERS_DATABASE ?? new URL('users.sqlite', import.meta.url).pathname);
const decode = (bytes) => Buffer.from(bytes, 'latin1').toString('utf8');
const encode = (text) => Buffer.from(text, 'utf8').toString('latin1');

export async function checkPassword(_environ, user, password) {
  return await users.check(decode(user), decode(password));
}

export function groupsForUser(_environ, user) {
  return users.teamsOf(decode(user)).map(encode);
}
