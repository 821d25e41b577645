"""Requests that take their time, each in its own way."""

import time

TEXT = [('Content-Type', 'text/plain')]


def application(environ, start_response):
    way = environ['PATH_INFO'][1:]
    if way == 'quick':
        start_response('200 OK', TEXT)
        return [b'quick']
    if way == 'endless':
        start_response('200 OK', TEXT)
        return iter(lambda: b'x' * int(environ['QUERY_STRING']), None)
    if way == 'begun':
        return begin(start_response)
    environ['wsgi.errors'].write('entered\n')
    if way == 'loop':
        while True:
            pass
    if way == 'sleep':
        # One long call: an interrupt reaches the thread only afterwards.
        time.sleep(float(environ['QUERY_STRING']))
    if way == 'stubborn':
        spin(float(environ['QUERY_STRING']))
    if way == 'read':
        environ['wsgi.input'].read()
    start_response('200 OK', TEXT)
    return [b'late']


def begin(start_response):
    start_response('200 OK', TEXT)
    yield b'first'
    while True:
        pass


def spin(seconds):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            while time.monotonic() < end:
                pass
        except BaseException:
            pass
