"""Prints everywhere."""

import io
import sys
import threading

TEXT = [('Content-Type', 'text/plain')]

print('printed while loading')


def application(environ, start_response):
    errors = environ['wsgi.errors']
    print('to stdout')
    print('to stderr', file=sys.stderr)
    print('to errors', file=errors)
    errors.writelines(['lines 1\n', 'lines 2\n'])
    errors.buffer.write(b'bytes\n')
    errors.buffer.write(bytearray(b'bytearray\n'))
    errors.buffer.write(memoryview(b'memoryview\n'))
    sys.stdout.buffer.write(b'stdout buffer \xff\n')
    print('two\nlines')
    sys.stdout.write('half a ')
    errors.write('other ')
    sys.stdout.flush()
    sys.stdout.write('line\n')
    errors.write('line\n')
    print('\u20ac \udc80 \ud800')
    thread = threading.Thread(target=lambda: print('from a thread'))
    thread.start()
    thread.join()
    sys.stderr.write('tail of stderr')
    errors.write('tail of errors')
    start_response('200 OK', TEXT)
    return [('%s %s %d' % (sys.stdout.encoding, sys.stdout.isatty(), sys.stderr.fileno())).encode()]


def long_line(environ, start_response):
    environ['wsgi.errors'].write('y' * 150_000)
    start_response('200 OK', TEXT)
    return []


def text_stream(environ, start_response):
    errors = environ['wsgi.errors']
    with errors as same:
        print('in a block', file=same, flush=True)
    try:
        errors.fileno()
    except io.UnsupportedOperation:
        print('no descriptor', file=errors)
    seen = [
        *(isinstance(errors, io.TextIOBase), errors.encoding, errors.errors, errors.writable(), errors.readable()),
        *(errors.closed, errors.isatty(), errors.buffer.writable(), hasattr(errors, 'nothing'), errors.close()),
    ]
    start_response('200 OK', TEXT)
    return [repr(seen).encode()]
