/** The application and its users in one module: `server` answers requests, `checkPassword` the server's question. */

import { createServer } from 'node:http';
import { verify } from './accounts.mjs';

/** An Express application would stand here in the same way: `export const app = express()`. */
export const server = createServer((request, response) => {
  const user = request.environ?.REMOTE_USER;
  response.setHeader('Content-Type', 'text/plain; charset=utf-8');
  response.end(user === undefined ? 'Nobody has logged in.\n' : `Hello ${Buffer.from(user, 'latin1')}.\n`);
});

/** True: it is them. False: wrong password. Null: no such user. Names and passwords come as bytes, one character each. */
export async function checkPassword(_environ, user, password) {
  const decode = (bytes) => Buffer.from(bytes, 'latin1').toString('utf8');
  const account = await verify(decode(user), decode(password));
  return account && true;
}
