/** An application that says who asks, and all four functions of an auth script. */

import { createHash } from 'node:crypto';

export function application(environ, startResponse) {
  startResponse(environ.PATH_INFO === '/missing' ? '404 Not Found' : '200 OK', [
    ['Content-Type', 'text/plain'],
  ]);
  const [scheme, text = ''] = (environ.HTTP_AUTHORIZATION ?? '').split(' ');
  const sent =
    scheme === 'Basic'
      ? `Basic ${Buffer.from(text, 'base64').toString('latin1')}`
      : [scheme, text].join(' ').trim();
  return [`${environ.REMOTE_USER ?? 'None'} ${environ.AUTH_TYPE ?? 'None'} ${sent}`];
}

export async function checkPassword(_environ, user, password) {
  return user === 'alice' ? password === 'wonderland' : null;
}

export async function getRealmHash(environ, user, realm) {
  if ('HTTP_AUTHORIZATION' in environ || user === 'raise') throw new Error('no digest');
  return user === 'alice' ? createHash('md5').update(`${user}:${realm}:wonderland`).digest('hex') : null;
}

export function groupsForUser(_environ, user) {
  return user === 'alice' ? ['staff'] : [];
}

export function allowAccess(environ, host) {
  const answers = { open: true, closed: false, none: null, odd: 1, host: host === '127.0.0.1' };
  const { QUERY_STRING: query } = environ;
  if (!Object.hasOwn(answers, query)) throw new Error('no answer');
  return answers[query];
}
