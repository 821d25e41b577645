"""Long responses and uploads, and what happens when the client leaves."""

import threading
import time

TEXT = [('Content-Type', 'text/plain')]
events = []
go_on = threading.Event()


class Endless:
    def __init__(self, size):
        self.piece = b'x' * size

    def __iter__(self):
        return self

    def __next__(self):
        return self.piece

    def close(self):
        events.append('closed')


def application(environ, start_response):
    return globals()['do_' + environ['PATH_INFO'][1:]](environ, start_response)


def do_events(environ, start_response):
    start_response('200 OK', TEXT)
    return [','.join(events).encode()]


def do_large(environ, start_response):
    start_response('200 OK', TEXT)
    piece = b'0123456789abcdef' * 4096
    for _ in range(int(environ['QUERY_STRING'])):
        yield piece


def do_endless(environ, start_response):
    start_response('200 OK', TEXT)
    return Endless(50_000)


def do_endless_write(environ, start_response):
    write = start_response('200 OK', TEXT)
    try:
        while True:
            write(b'x' * 50_000)
    except OSError:
        events.append('OSError')
        raise


def do_steps(environ, start_response):
    """Each piece must arrive before the next is asked for."""
    start_response('200 OK', TEXT)
    for number in range(3):
        yield b'%d' % number
        go_on.wait(20)
        go_on.clear()


def do_step(environ, start_response):
    go_on.set()
    start_response('200 OK', TEXT)
    return []


def do_count(environ, start_response):
    total = 0
    while True:
        piece = environ['wsgi.input'].read(65536)
        if not piece:
            break
        total += len(piece)
    start_response('200 OK', TEXT)
    return [b'%d' % total]


def do_interrupted(environ, start_response):
    names = []
    environ['wsgi.errors'].write('reading\n')
    for _ in range(2):
        try:
            environ['wsgi.input'].read()
            names.append('nothing')
        except OSError:
            names.append('OSError')
    events.append('+'.join(names))
    start_response('200 OK', TEXT)
    return Endless(10)


def do_unhandled(environ, start_response):
    environ['wsgi.errors'].write('reading\n')
    try:
        environ['wsgi.input'].read()
    finally:
        events.append('unwound')


def do_echo(environ, start_response):
    """Reads and answers at the same time."""
    start_response('200 OK', TEXT)
    while True:
        piece = environ['wsgi.input'].read(16384)
        if not piece:
            return
        yield piece


def do_chatty(environ, start_response):
    start_response('200 OK', TEXT)
    line = 'x' * 1000
    while True:
        print(line)
        yield b'.'


def do_pause(environ, start_response):
    time.sleep(0.3)
    start_response('200 OK', TEXT)
    return [b'paused']
