/**
 * A TypeScript application in the Fetch convention. No build step: modhost strips the types, also on Node 20, and
 * local TypeScript files are imported by their own names.
 */

import { type Page, renderIndex, renderPage } from './pages.ts';
import { isPasswordOf } from './users.ts';

/** What the server knows of a request: the same names as in a Python application's environ. */
type Environ = Readonly<Record<string, string | undefined>>;

export default {
  fetch(request: Request, env: { readonly environ: Environ }): Response {
    const page = findPage(new URL(request.url).pathname, env.environ);
    return new Response(page.html, {
      status: page.status,
      headers: { 'Content-Type': 'text/html; charset=utf-8' },
    });
  },
};

/** Asked by `WSGIAuthUserScript`. True: it is them; false: wrong password; null: no such user. */
export function checkPassword(_environ: Environ, user: string, password: string): Promise<boolean | null> {
  return isPasswordOf(user, password);
}

function findPage(path: string, environ: Environ): Page {
  switch (path) {
    case '/':
      return { status: 200, html: renderIndex() };
    case '/private':
    case '/members':
      return {
        status: 200,
        html: renderPage(`Welcome, ${environ.REMOTE_USER}`, 'You gave the right password.'),
      };
    default:
      return {
        status: 404,
        html: renderPage('Nothing here', 'No page of this application has that address.'),
      };
  }
}
