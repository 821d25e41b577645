"""Applications that take their time; what they wait for comes from other requests."""

import threading
import time

TEXT = [('Content-Type', 'text/plain')]
gates = {}
lock = threading.Lock()
running = 0
most = 0
seen = []


def gate(name):
    with lock:
        return gates.setdefault(name, threading.Event())


def application(environ, start_response):
    global running, most
    path, name = environ['PATH_INFO'], environ['QUERY_STRING']
    if path == '/wait':
        with lock:
            running += 1
            most = max(most, running)
            seen.append(environ['mod_wsgi.thread_id'])
        environ['wsgi.errors'].write('entered\n')
        gate(name).wait(20)
        with lock:
            running -= 1
    elif path == '/open':
        gate(name).set()
    elif path == '/sleep':
        time.sleep(float(name))
    elif path == '/most':
        start_response('200 OK', TEXT)
        return [('%d %d' % (most, len(set(seen)))).encode()]
    elif path == '/order':
        with lock:
            seen.append(name)
    elif path == '/seen':
        start_response('200 OK', TEXT)
        return [','.join(map(str, seen)).encode()]
    start_response('200 OK', TEXT)
    return [b'done ' + path.encode()]
