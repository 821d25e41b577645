"""The environ of requests and calls: what the front end sent plus what only the daemon knows."""

from __future__ import annotations

import os
import time
from typing import Any, Dict, List

from .file_wrapper import FileWrapper
from .injected import APACHE_VERSION, MOD_WSGI_VERSION
from .request_body import RequestBody
from .request_log import RequestLog

Environ = Dict[str, Any]

# Keys that name files, so they are in the file system's encoding; all others hold latin-1.
_FILE_KEYS = ('DOCUMENT_ROOT', 'SCRIPT_FILENAME')
# Seconds since the epoch, as floats from mod_wsgi 6 on.
_TIME_KEYS = ('mod_wsgi.request_start', 'mod_wsgi.queue_start')


def request_constants(threads: int, multiprocess: bool) -> Environ:
    """The keys that are the same for every request of the process."""
    return {
        'wsgi.version': (1, 0),
        'wsgi.multithread': threads != 1,
        'wsgi.multiprocess': multiprocess,
        'wsgi.run_once': False,
        'wsgi.input_terminated': True,
        'wsgi.file_wrapper': FileWrapper,
        'mod_wsgi.version': MOD_WSGI_VERSION,
        'apache.version': APACHE_VERSION,
    }


def build_request_environ(
    pairs: List[str],
    constants: Environ,
    body: RequestBody,
    log: RequestLog,
    thread_id: int,
    daemon_start: float,
) -> Environ:
    """`pairs` is name, value, name, value, …; `daemon_start` the time at which the request arrived here."""
    environ = _from_pairs(pairs)
    https = environ.pop('HTTPS', '')
    environ.update(constants)
    environ['wsgi.url_scheme'] = 'https' if https == '1' or https.lower() == 'on' else 'http'
    environ['wsgi.input'] = body
    environ['wsgi.errors'] = log.errors
    environ['mod_wsgi.thread_id'] = thread_id
    environ['mod_wsgi.daemon_start'] = daemon_start
    environ['mod_wsgi.application_start'] = time.time()
    return environ


def build_call_environ(pairs: List[str], log: RequestLog) -> Environ:
    """For the functions of auth scripts: no body, no scheme."""
    environ = _from_pairs(pairs)
    environ['mod_wsgi.version'] = MOD_WSGI_VERSION
    environ['apache.version'] = APACHE_VERSION
    environ['wsgi.errors'] = log.errors
    return environ


def decode_path(byte_text: str) -> str:
    """A path of the protocol in the file system's encoding."""
    return byte_text if byte_text.isascii() else os.fsdecode(byte_text.encode('latin-1'))


def _from_pairs(pairs: List[str]) -> Environ:
    environ: Environ = dict(zip(pairs[0::2], pairs[1::2]))
    for key in _FILE_KEYS:
        path = environ.get(key)
        if path is not None and not path.isascii():
            environ[key] = decode_path(path)
    for key in _TIME_KEYS:
        seconds = environ.get(key)
        if seconds is not None:
            try:
                environ[key] = float(seconds)
            except ValueError:
                del environ[key]
    return environ
