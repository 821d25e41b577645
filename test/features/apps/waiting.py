"""Answers late, at length, when a file is there, or with long headers: whatever the end of the path says."""

import os
import time


def application(environ, start_response):
    what, _, count = environ['PATH_INFO'].lstrip('/').partition('/')
    headers = [('Content-Type', 'text/plain')]
    if what == 'header':
        headers.append(('X-Long', 'x' * int(count)))
    if what == 'sleep':
        time.sleep(float(count))
    while what == 'until' and not os.path.exists(os.path.join(os.environ['GATES'], count)):
        time.sleep(0.02)
    start_response('200 OK', headers)
    if what == 'endless':
        return endless()
    if what == 'pause':
        return pausing(float(count))
    return [b'answered']


def endless():
    while True:
        yield b'x' * 65536


def pausing(seconds):
    yield b'begun'
    time.sleep(seconds)
    yield b' and ended'
