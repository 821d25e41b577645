"""An application inside wsgiref.validate, which complains (AssertionError, so 500) about any breach of PEP 3333."""

import warnings
from wsgiref.validate import WSGIWarning, validator

warnings.simplefilter('error', WSGIWarning)


@validator
def application(environ, start_response):
    path = environ['PATH_INFO']
    headers = [('Content-Type', 'text/plain')]
    if path == '/echo':
        body = environ['wsgi.input'].read(int(environ.get('CONTENT_LENGTH') or 0))
        start_response('200 OK', headers)
        return [b'got ', body]
    if path == '/lines':
        lines = environ['wsgi.input'].readlines()
        rest = environ['wsgi.input'].readline()
        start_response('200 OK', headers)
        return [b'|'.join(lines) + rest]
    if path == '/iterate':
        start_response('200 OK', headers)
        return [line.upper() for line in environ['wsgi.input']]
    if path == '/stream':
        start_response('200 OK', headers)
        return (b'%d,' % number for number in range(5))
    if path == '/write':
        write = start_response('200 OK', headers)
        write(b'written,')
        return [b'returned']
    if path == '/none':
        start_response('204 No Content', [])
        return []
    if path == '/replaced':
        start_response('200 OK', headers)
        try:
            raise KeyError('x')
        except KeyError:
            import sys

            start_response('500 Replaced', headers, sys.exc_info())
        return [b'replaced']
    if path == '/errors':
        environ['wsgi.errors'].write('one\n')
        environ['wsgi.errors'].writelines(['two\n', 'three\n'])
        environ['wsgi.errors'].flush()
        start_response('200 OK', headers)
        return [b'']
    if path == '/file':
        start_response('200 OK', headers)
        return environ['wsgi.file_wrapper'](open(__file__, 'rb'), 100)
    start_response('200 OK', headers + [('Content-Length', '5')])
    return [b'hello']
