"""An application that says who asks, and all four functions of an auth script."""

import base64
import hashlib


def application(environ, start_response):
    start_response('404 Not Found' if environ['PATH_INFO'] == '/missing' else '200 OK', [('Content-Type', 'text/plain')])
    sent = environ.get('HTTP_AUTHORIZATION', '')
    scheme, _, text = sent.partition(' ')
    if scheme == 'Basic':
        sent = 'Basic ' + base64.b64decode(text).decode('latin-1')
    return ['{} {} {}'.format(environ.get('REMOTE_USER'), environ.get('AUTH_TYPE'), sent).encode('latin-1')]


def check_password(environ, user, password):
    return password == 'wonderland' if user == 'alice' else None


def get_realm_hash(environ, user, realm):
    assert 'HTTP_AUTHORIZATION' not in environ
    if user == 'raise':
        raise ValueError('no digest')
    return hashlib.md5(f'{user}:{realm}:wonderland'.encode()).hexdigest() if user == 'alice' else None


def groups_for_user(environ, user):
    return ['staff'] if user == 'alice' else []


def allow_access(environ, host):
    answers = {'open': True, 'closed': False, 'none': None, 'odd': 1, 'host': host == '127.0.0.1'}
    return answers[environ['QUERY_STRING']]
