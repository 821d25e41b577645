"""A WSGI application, and the functions that let the server ask it about its users."""

import hashlib
import hmac
import html
import json
import os

with open(os.path.join(os.path.dirname(__file__), 'hello-users.json'), encoding='utf-8') as file:
    USERS = json.load(file)

# Checked in place of an unknown user's, so that both answers take the same time.
NOBODY = {'salt': '00' * 16, 'iterations': 200_000, 'hash': '', 'groups': []}

PAGE = """<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>{title}</title><link rel="stylesheet" href="/static/style.css"></head>
<body><main><h1>{title}</h1>{content}<p><a href="/">All mounts</a></p></main></body>
</html>
"""

SHOWN = ('REQUEST_METHOD', 'SCRIPT_NAME', 'PATH_INFO', 'QUERY_STRING', 'REMOTE_ADDR', 'REMOTE_USER', 'AUTH_TYPE',
         'SERVER_SOFTWARE', 'mod_wsgi.process_group', 'wsgi.multithread')


def application(environ, start_response):
    path = environ['PATH_INFO']
    if path in ('', '/'):
        title = 'Hello from Python'
    elif path in ('/members', '/staff'):
        title = 'Welcome, ' + environ['REMOTE_USER']
    else:
        return answer(start_response, '404 Not Found', 'Nothing here', '')
    return answer(start_response, '200 OK', title, facts(environ))


def check_password(environ, user, password):
    """True: it is them; False: wrong password; None: no such user."""
    entry = USERS.get(user, NOBODY)
    # The server hands over the bytes that the browser sent, one character each.
    digest = hashlib.pbkdf2_hmac('sha256', password.encode('latin-1'), bytes.fromhex(entry['salt']),
                                 entry['iterations'])
    right = hmac.compare_digest(digest.hex(), entry['hash'])
    return right if user in USERS else None


def groups_for_user(environ, user):
    return USERS.get(user, NOBODY)['groups']


def facts(environ):
    rows = (f'<tr><th>{key}</th><td>{html.escape(str(environ.get(key, "–")))}</td></tr>' for key in SHOWN)
    return '<table>' + ''.join(rows) + '</table>'


def answer(start_response, status, title, content):
    body = PAGE.format(title=html.escape(title), content=content).encode()
    start_response(status, [('Content-Type', 'text/html; charset=utf-8'), ('Content-Length', str(len(body)))])
    return [body]
