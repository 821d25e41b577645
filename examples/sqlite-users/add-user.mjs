/** node add-user.mjs NAME [TEAM...], with the password on standard input. */

import { text } from 'node:stream/consumers';
import { openUsers } from './users.mjs';

const [name, ...teams] = process.argv.slice(2);
if (name === undefined) throw new Error('usage: node add-user.mjs NAME [TEAM...] < password');
const users = openUsers(process.env.USERS_DATABASE ?? new URL('users.sqlite', import.meta.url).pathname);
await users.add(name, (await text(process.stdin)).replace(/\r?\n$/, ''), teams);
users.close();
