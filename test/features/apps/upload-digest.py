"""Tells the process and the digest of what was uploaded, and notes the first bytes of each upload in a file beside it."""

import hashlib
import os
import socket

HERE = os.path.dirname(os.path.abspath(__file__))


def application(environ, start_response):
    body = environ['wsgi.input']
    if environ['PATH_INFO'] == '/pid':
        start_response('200 OK', [('Content-Type', 'text/plain')])
        return [str(os.getpid()).encode()]
    digest = hashlib.sha256(body.read(1000))
    with open(os.path.join(HERE, 'begun'), 'a') as begun:
        begun.write(environ['PATH_INFO'] + '\n')
    if environ['PATH_INFO'].endswith('-cut'):
        # As if the connection to the front end were lost, and nothing else.
        body.stream.connection.socket.shutdown(socket.SHUT_RDWR)
    for piece in iter(lambda: body.read(65536), b''):
        digest.update(piece)
    start_response('200 OK', [('Content-Type', 'text/plain')])
    return [('%d %s' % (os.getpid(), digest.hexdigest())).encode()]
