"""The environ of requests and calls: what the front end sent plus what only the daemon knows."""

from __future__ import annotations

import time
from typing import Any, Dict, List

from . import wire
from .file_wrapper import FileWrapper
from .injected import APACHE_VERSION, MOD_WSGI_VERSION
from .request_body import RequestBody
from .request_log import Errors, RequestLog

Environ = Dict[str, Any]

# Keys that name files, so they are in the file system's encoding; all others hold latin-1.
_FILE_KEYS = ('DOCUMENT_ROOT', 'SCRIPT_FILENAME')
# Seconds since the epoch, as floats from mod_wsgi 6 on.
_TIME_KEYS = ('mod_wsgi.request_start', 'mod_wsgi.queue_start')
# One for each mount point and virtual host that this process serves.
_MOST_SHARED = 256


class EnvironBuilder:
    """Builds the environ of each request; what many have in common is taken apart once."""

    def __init__(self, threads: int, multiprocess: bool) -> None:
        # The keys that are the same for every request of the process.
        self._constants: Environ = {
            'wsgi.version': (1, 0),
            'wsgi.multithread': threads != 1,
            'wsgi.multiprocess': multiprocess,
            'wsgi.run_once': False,
            'wsgi.input_terminated': True,
            'wsgi.file_wrapper': FileWrapper,
            'mod_wsgi.version': MOD_WSGI_VERSION,
            'apache.version': APACHE_VERSION,
        }
        self._shared: Dict[str, _Shared] = {}

    def build(
        self,
        message: wire.RequestMessage,
        body: RequestBody,
        log: RequestLog,
        thread_id: int,
        daemon_start: float,
    ) -> Environ:
        """`daemon_start`: the time at which the request arrived here."""
        values = message.values
        shared = self._shared.get(message.shared) or self._take_apart(message.shared)
        environ = shared.environ.copy()
        environ.update(zip(message.names, values))
        if len(environ) != len(shared.environ) + len(values):
            # What is shared wins.
            environ.update(shared.environ)
        for key in shared.own_file_keys:
            if key in environ:
                environ[key] = wire.decode_path(environ[key])
        environ['wsgi.input'] = body
        environ['wsgi.errors'] = Errors(log)
        environ['wsgi.url_scheme'] = 'http'
        environ['mod_wsgi.thread_id'] = thread_id
        environ['mod_wsgi.daemon_start'] = daemon_start
        if 'HTTPS' in environ:
            https = environ.pop('HTTPS')
            if https == '1' or https.lower() == 'on':
                environ['wsgi.url_scheme'] = 'https'
        for key in _TIME_KEYS:
            if key in environ:
                try:
                    environ[key] = float(environ[key])
                except ValueError:
                    del environ[key]
        environ['mod_wsgi.application_start'] = time.time()
        return environ

    def _take_apart(self, text: str) -> _Shared:
        shared = _Shared(text.split('\0') if text else [], self._constants)
        if len(self._shared) >= _MOST_SHARED:
            self._shared.clear()
        self._shared[text] = shared
        return shared


class _Shared:
    """What requests to the same mount have in common, and which keys each of them may have for itself."""

    __slots__ = ('environ', 'own_file_keys')

    def __init__(self, pairs: List[str], constants: Environ) -> None:
        self.environ = {**_from_pairs(pairs), **constants}
        self.own_file_keys = tuple(key for key in _FILE_KEYS if key not in self.environ)


def build_call_environ(pairs: List[str], log: RequestLog) -> Environ:
    """For the functions of auth scripts: no body, no scheme."""
    environ = _from_pairs(pairs)
    environ['mod_wsgi.version'] = MOD_WSGI_VERSION
    environ['apache.version'] = APACHE_VERSION
    environ['wsgi.errors'] = Errors(log)
    return environ


def read_request_start(environ: Environ) -> float:
    """When the front end began to read the request, in seconds since the epoch; now if it does not say."""
    try:
        return float(environ['mod_wsgi.request_start'])
    except (KeyError, ValueError):
        return time.time()


def _from_pairs(pairs: List[str]) -> Environ:
    environ: Environ = dict(zip(pairs[0::2], pairs[1::2]))
    for key in _FILE_KEYS:
        if key in environ:
            environ[key] = wire.decode_path(environ[key])
    for key in _TIME_KEYS:
        if key in environ:
            try:
                environ[key] = float(environ[key])
            except ValueError:
                del environ[key]
    return environ
