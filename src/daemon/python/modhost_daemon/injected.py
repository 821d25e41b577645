"""The modules `mod_wsgi` and `apache`, which applications import without installing them."""

from __future__ import annotations

import sys
from types import ModuleType

from .current import current
from .file_wrapper import FileWrapper
from .request_timeouts import RequestTimeout

# Applications ask for the version to know the form of the environ (times are floats from 6.0 on). 6.0.0 says which
# form this is without claiming any release of mod_wsgi.
MOD_WSGI_VERSION = (6, 0, 0)
# The Apache whose directives the site file speaks.
APACHE_VERSION = (2, 4, 0)


def inject_modules(process_group: str, processes: int, threads: int) -> None:
    """Puts both modules where `import` finds them."""
    mod_wsgi = ModuleType('mod_wsgi', 'What the host tells its applications.')
    mod_wsgi.version = MOD_WSGI_VERSION  # type: ignore[attr-defined]
    mod_wsgi.process_group = process_group  # type: ignore[attr-defined]
    mod_wsgi.maximum_processes = processes  # type: ignore[attr-defined]
    mod_wsgi.threads_per_process = threads  # type: ignore[attr-defined]
    mod_wsgi.RequestTimeout = RequestTimeout  # type: ignore[attr-defined]
    mod_wsgi.FileWrapper = FileWrapper  # type: ignore[attr-defined]
    mod_wsgi.__getattr__ = _answer_application_group  # type: ignore[method-assign]
    apache = ModuleType('apache', 'What the host tells about the server.')
    apache.version = APACHE_VERSION  # type: ignore[attr-defined]
    apache.maximum_processes = processes  # type: ignore[attr-defined]
    apache.threads_per_process = threads  # type: ignore[attr-defined]
    apache.description = 'modhost'  # type: ignore[attr-defined]
    sys.modules['mod_wsgi'] = mod_wsgi
    sys.modules['apache'] = apache


def _answer_application_group(name: str) -> str:
    # Application groups share one interpreter here, so the answer depends on who asks.
    if name == 'application_group':
        log = current.log
        return current.application_group if log is None else log.application_group
    raise AttributeError("module 'mod_wsgi' has no attribute %r" % name)
