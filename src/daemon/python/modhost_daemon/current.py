"""What the running thread is serving: the request's log and its application group."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Optional

if TYPE_CHECKING:
    from .request_log import RequestLog


class _Current(threading.local):
    log: Optional[RequestLog] = None
    application_group: str = ''


current = _Current()


class Serving:
    """Inside the block, what this thread prints belongs to `log` (None: to nobody's request)."""

    __slots__ = ('_application_group', '_log')

    def __init__(self, log: Optional[RequestLog], application_group: str) -> None:
        self._log = log
        self._application_group = application_group

    def __enter__(self) -> None:
        current.log = self._log
        current.application_group = self._application_group

    def __exit__(self, *_: object) -> None:
        current.log = None
        current.application_group = ''
