"""What the running thread is serving: the request's log and its application group."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Optional

if TYPE_CHECKING:
    from .request_log import RequestLog


class _Current(threading.local):
    # None: nobody's request is served.
    log: Optional[RequestLog] = None
    # Of what is loaded without one.
    application_group: str = ''


current = _Current()
