"""Requests that block until the test ends their body, and a record of what ran."""

import os
import signal
import threading
import time

TEXT = [('Content-Type', 'text/plain')]
lock = threading.Lock()
running = 0
most = 0
seen = []


def application(environ, start_response):
    answer = globals()['do_' + environ['PATH_INFO'][1:]](environ, environ['QUERY_STRING'])
    start_response('200 OK', TEXT)
    return [str(answer).encode()]


def do_wait(environ, name):
    global running, most
    with lock:
        running += 1
        most = max(most, running)
        seen.append(name)
    environ['wsgi.errors'].write('entered\n')
    environ['wsgi.input'].read()
    with lock:
        running -= 1
    return environ['mod_wsgi.thread_id']


def do_hold(environ, pipe):
    environ['wsgi.errors'].write('entered\n')
    with open(pipe) as opened:
        opened.read()
    return environ['mod_wsgi.thread_id']


def do_die(environ, _):
    os.kill(os.getpid(), signal.SIGKILL)


def do_large(environ, count):
    return 'x' * int(count)


def do_sleep(environ, seconds):
    global running, most
    with lock:
        running += 1
        most = max(most, running)
    time.sleep(float(seconds))
    with lock:
        running -= 1
    return environ['mod_wsgi.thread_id']


def do_spin(environ, seconds):
    end = time.process_time() + float(seconds)
    while time.process_time() < end:
        pass
    return environ['mod_wsgi.thread_id']


def do_note(environ, name):
    with lock:
        seen.append(name)
    return environ['mod_wsgi.thread_id']


def do_most(environ, _):
    return most


def do_seen(environ, _):
    return ','.join(seen)
