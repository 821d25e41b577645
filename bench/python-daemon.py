"""
Processor time per request of a Python daemon process alone: speaks the daemon protocol to it as a front end does. See README.md.

Several packages (`--package`, each a folder `modhost_daemon`) take turns, and the least of all rounds counts: what disturbs only adds.
"""

import argparse
import json
import os
import socket
import struct
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
PACKAGE = os.path.join(HERE, '..', 'src', 'daemon', 'python', 'modhost_daemon')
HELLO, REQUEST, END = 0x01, 0x10, 0x31
TOKEN = 'bench'
# Becomes the daemon process: its descriptors are 3 and 4.
LAUNCH = """
import os, sys
control, listener = (os.dup(int(argument)) for argument in sys.argv[1:3])
while control < 5:
    control = os.dup(control)
while listener < 5:
    listener = os.dup(listener)
os.dup2(control, 3)
os.dup2(listener, 4)
os.execvp(sys.argv[3], sys.argv[3:])
"""


def main() -> None:
    options = read_options()
    with tempfile.TemporaryDirectory() as folder:
        daemons = [Daemon(package, os.path.join(folder, str(at)), options) for at, package in enumerate(options.package)]
        least = [float('inf')] * len(daemons)
        try:
            for daemon in daemons:
                daemon.load(options.seconds)
            for _ in range(options.rounds):
                for at, daemon in enumerate(daemons):
                    least[at] = min(least[at], daemon.load(options.seconds))
        finally:
            for daemon in daemons:
                daemon.end()
    for package, cost in zip(options.package, least):
        print('%.2f µs per request (%s)' % (cost, os.path.relpath(package)))


def read_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--package', action='append')
    parser.add_argument('--app', default=os.path.join(HERE, 'apps', 'hello.py'))
    parser.add_argument('--python', default='/usr/bin/python3')
    parser.add_argument('--threads', type=int, default=15)
    parser.add_argument('--batch', type=int, default=12, help='requests that come in one write; the next when all are answered')
    parser.add_argument('--rounds', type=int, default=5)
    parser.add_argument('--seconds', type=float, default=1)
    parser.add_argument('--flags', default='ras', help='of the REQUEST, see src/wire/README.md')
    parser.add_argument('--wrap', default='', help='a command that runs the interpreter, such as a profiler')
    options = parser.parse_args()
    options.package = [os.path.abspath(package) for package in options.package or [PACKAGE]]
    return options


class Daemon:
    """One daemon process and one front end's connection to it."""

    def __init__(self, package: str, socket_path: str, options: argparse.Namespace) -> None:
        self._options = options
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        listener.bind(socket_path)
        listener.listen()
        self._control, other = socket.socketpair()
        command = [*options.wrap.split(), options.python, os.path.join(package, '__main__.py')]
        descriptors = (other.fileno(), listener.fileno())
        self._child = subprocess.Popen(
            [sys.executable, '-c', LAUNCH, *map(str, descriptors), *command], pass_fds=descriptors
        )
        other.close()
        listener.close()
        start = {'type': 'start', 'group': 'bench', 'token': TOKEN, 'threads': options.threads, 'processes': 1}
        self._control.sendall(json.dumps(start).encode() + b'\n')
        self._control.recv(65536)
        self._connected = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._connected.connect(socket_path)
        self._connected.sendall(_frame(HELLO, 0, '\0'.join(('version', '1', 'token', TOKEN)).encode()))
        self._connected.recv(65536)
        self._payload = _request_payload(options.app, options.flags)
        self._stream = 0

    def load(self, seconds: float) -> float:
        """µs of processor time per request."""
        batch = self._options.batch
        head = struct.Struct('>II')
        word = len(self._payload) << 8 | REQUEST
        before = _cpu_seconds(self._child.pid)
        end = time.monotonic() + seconds
        requests = 0
        while time.monotonic() < end:
            frames = []
            for stream in range(self._stream + 1, self._stream + batch + 1):
                frames += (head.pack(word, stream), self._payload)
            self._stream += batch
            self._connected.sendall(b''.join(frames))
            self._await_answers(batch)
            requests += batch
        return (_cpu_seconds(self._child.pid) - before) / requests * 1e6

    def end(self) -> None:
        self._connected.close()
        self._control.close()
        self._child.wait()

    def _await_answers(self, count: int) -> None:
        rest = b''
        while count:
            piece = self._connected.recv(65536)
            if not piece:
                sys.exit('the daemon process has closed the connection')
            rest += piece
            at = 0
            while len(rest) - at >= 8:
                word = int.from_bytes(rest[at : at + 4], 'big')
                if len(rest) - at < 8 + (word >> 8):
                    break
                if word & 0xFF in (0x32, 0x34):
                    sys.exit('the daemon process says %r' % rest[at:])
                count -= word & 0xFF == END
                at += 8 + (word >> 8)
            rest = rest[at:]


def _request_payload(app: str, flags: str) -> bytes:
    """As the front end sends it for a short request."""
    pairs = [
        *('mod_wsgi.path_info', '/', 'mod_wsgi.request_start', '1795368310.554000', 'REQUEST_METHOD', 'GET'),
        *('SCRIPT_NAME', '', 'QUERY_STRING', '', 'REQUEST_URI', '/', 'SERVER_PROTOCOL', 'HTTP/1.1', 'PATH_INFO', '/'),
        *('mod_wsgi.listener_host', '127.0.0.1', 'mod_wsgi.listener_port', '8000', 'SERVER_NAME', '127.0.0.1'),
        *('SERVER_PORT', '8000', 'SERVER_ADDR', '127.0.0.1', 'REMOTE_ADDR', '127.0.0.1', 'REMOTE_PORT', '38048'),
        *('REQUEST_SCHEME', 'http', 'HTTP_HOST', '127.0.0.1:8000'),
    ]
    shared = [
        *('SERVER_SOFTWARE', 'modhost', 'DOCUMENT_ROOT', '', 'CONTEXT_PREFIX', '', 'CONTEXT_DOCUMENT_ROOT', ''),
        *('SCRIPT_FILENAME', app, 'mod_wsgi.process_group', 'bench', 'mod_wsgi.application_group', ''),
        *('mod_wsgi.callable_object', 'application', 'mod_wsgi.request_handler', 'wsgi-script'),
        *('mod_wsgi.handler_script', '', 'mod_wsgi.script_name', ''),
    ]
    count = str((len(pairs) + len(shared)) // 2)
    head = [app, '', 'application', 'auto', flags, count]
    if 's' not in flags:
        return '\0'.join([*head, *pairs, *shared]).encode('latin-1')
    names = pairs[0::2]
    head += [str(len('\0'.join(shared))), str(len('\0'.join(names)) + 1)]
    return '\0'.join([*head, *names, *pairs[1::2], *shared]).encode('latin-1')


def _frame(frame_type: int, stream: int, payload: bytes) -> bytes:
    return struct.pack('>II', len(payload) << 8 | frame_type, stream) + payload


def _cpu_seconds(pid: int) -> float:
    """On a processor so far, all threads together."""
    nanoseconds = 0
    for task in os.listdir('/proc/%d/task' % pid):
        try:
            with open('/proc/%d/task/%s/schedstat' % (pid, task), encoding='ascii') as file:
                nanoseconds += int(file.read().split()[0])
        except FileNotFoundError:
            # A thread that has just ended.
            pass
    return nanoseconds / 1e9


if __name__ == '__main__':
    main()
