"""What an application can do to its process."""

import atexit
import os
import signal
import subprocess
import sys
import threading
import time

TEXT = [('Content-Type', 'text/plain')]


def application(environ, start_response):
    answer = globals()['do_' + environ['PATH_INFO'][1:]](environ, environ['QUERY_STRING'])
    start_response('200 OK', TEXT)
    return [str(answer).encode()]


def do_signal(environ, _):
    previous = signal.signal(signal.SIGTERM, lambda *_: os._exit(99))
    return callable(previous)


def do_atexit(environ, path):
    def leave():
        with open(path, 'a') as file:
            file.write('left\n')

    atexit.register(leave)


def do_atexit_hangs(environ, _):
    atexit.register(time.sleep, 60)


def do_thread(environ, path):
    def work():
        time.sleep(0.3)
        with open(path, 'a') as file:
            file.write('worked\n')

    # As everywhere, a thread is a daemon thread if the one that starts it is, and ours are.
    threading.Thread(target=work, daemon=False).start()


def do_thread_hangs(environ, _):
    threading.Thread(target=time.sleep, args=(60,), daemon=False).start()


def do_descriptors(environ, _):
    """What a program that the application starts inherits."""
    code = 'import os; print(sorted(map(int, os.listdir("/proc/self/fd"))))'
    return subprocess.run([sys.executable, '-c', code], stdout=subprocess.PIPE, close_fds=False).stdout.decode()


def do_fork(environ, _):
    """A child that ends by TERM: its end is its own."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.write(writer, b'x')
        time.sleep(20)
        os._exit(0)
    os.read(reader, 1)
    os.kill(child, signal.SIGTERM)
    return os.WTERMSIG(os.waitpid(child, 0)[1])


def do_fork_returns(environ, _):
    """A child that does not leave the request alone must not answer it a second time."""
    child = os.fork()
    if child == 0:
        return 'child'
    return 'parent %d' % os.waitpid(child, 0)[1]


def do_fork_prints(environ, _):
    child = os.fork()
    if child == 0:
        print('from the child', flush=True)
        os._exit(0)
    os.waitpid(child, 0)


def do_hangup(environ, _):
    os.kill(os.getpid(), signal.SIGHUP)
    os.kill(os.getpid(), signal.SIGUSR2)
    time.sleep(0.1)
    return 'alive'


def do_cwd(environ, _):
    return os.getcwd()
