"""check_password and groups_for_user; the user says what they return."""

import sys


def check_password(environ, user, password):
    print('asked for %s' % user)
    if user == 'environ':
        return ';'.join('%s=%r' % item for item in sorted(environ.items()) if item[0] != 'wsgi.errors')
    if user == 'password':
        return password == 'p\xc3\xa9ss'
    if user == 'raise':
        raise ValueError('no answer')
    if user == 'exit':
        sys.exit(0)
    if user.startswith('eval '):
        return eval(user[5:])
    return None


def get_realm_hash(environ, user, realm):
    if user == 'realm':
        return '%s:%s' % (user, realm)
    return eval(user)


def allow_access(environ, host):
    if host == 'raise':
        raise ValueError('no access')
    return eval(host)


def groups_for_user(environ, user):
    if user == 'generator':
        return (name for name in ('a', b'b'))
    if user == 'raise':
        raise ValueError('no groups')
    return eval(user)


class Pretender:
    """Claims to be a str."""

    __class__ = str


class Named(str):
    def __str__(self):
        return 'somebody else'
