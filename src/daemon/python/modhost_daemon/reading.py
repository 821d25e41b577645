"""Reading what the front ends send: by one thread at a time, whichever that is (`pool.py` says)."""

from __future__ import annotations

import select
import sys
import threading
from contextlib import suppress
from typing import Callable, Dict, List

from .connection import Connection

_RECEIVE_BYTES = 262_144
_READ = select.EPOLLIN
_READ_AND_WRITE = select.EPOLLIN | select.EPOLLOUT


class Reading:
    """
    The connections of the process. `fileno()` is readable when one of them has something to say, for whoever has more to watch;
    `on_closed` is called when one is gone.
    """

    def __init__(self, on_closed: Callable[[], None]) -> None:
        self._on_closed = on_closed
        self._poller = select.epoll()
        self._buffer = bytearray(_RECEIVE_BYTES)
        self._connections: Dict[int, Connection] = {}
        self._lock = threading.Lock()

    def fileno(self) -> int:
        return self._poller.fileno()

    @property
    def connections(self) -> List[Connection]:
        """Those that are open, as of now."""
        with self._lock:
            return list(self._connections.values())

    def add(self, connection: Connection) -> None:
        descriptor = connection.socket.fileno()
        with self._lock:
            self._connections[descriptor] = connection
        self._poller.register(descriptor, _READ)

    def want_writing(self, connection: Connection, is_wanted: bool) -> None:
        """Any thread: `flush` is to be called as soon as the socket takes more, or not any more."""
        # It may have been closed just now.
        with suppress(OSError, ValueError):
            self._poller.modify(connection.socket, _READ_AND_WRITE if is_wanted else _READ)

    def read(self, timeout: float = -1) -> None:
        """Waits until there is something to read, or `timeout` seconds have passed, and handles it."""
        for descriptor, events in self._poller.poll(timeout):
            connection = self._connections.get(descriptor)
            if connection is not None:
                self._serve(connection, descriptor, events)

    def abandon(self) -> None:
        """In a process that the application forked."""
        self._poller.close()
        for connection in self._connections.values():
            connection.abandon()

    def _serve(self, connection: Connection, descriptor: int, events: int) -> None:
        if events & select.EPOLLOUT:
            connection.flush()
            if events == select.EPOLLOUT:
                return
        problem = connection.receive(self._buffer)
        if problem is None:
            return
        if problem:
            print('modhost: closing the connection to a front end: %s' % problem, file=sys.stderr)
        # A child of the application may still have a copy, which would keep it in the poller.
        self._poller.unregister(descriptor)
        with self._lock:
            del self._connections[descriptor]
        connection.close()
        self._on_closed()
