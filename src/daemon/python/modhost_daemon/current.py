"""What the running thread is serving: the request's log, its application group, and whether it may be interrupted."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, ContextManager, Optional

if TYPE_CHECKING:
    from .request_log import RequestLog
    from .request_timeouts import Running


class _Current(threading.local):
    # None: nobody's request is served.
    log: Optional[RequestLog] = None
    # Of what is loaded without one.
    application_group: str = ''
    # None: nobody interrupts.
    running: Optional[Running] = None


class _Nothing:
    __slots__ = ()

    def __enter__(self) -> None:
        pass

    def __exit__(self, *_: object) -> None:
        pass


current = _Current()
_nothing = _Nothing()


def covered() -> ContextManager[None]:
    """For what threads share, outside of streams: an interrupt of this thread's request waits for the end of the block, and is raised there."""
    return current.running or _nothing
