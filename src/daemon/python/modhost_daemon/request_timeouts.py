"""Requests that take longer than request-timeout: interrupted if interrupt-timeout is set, given up else."""

from __future__ import annotations

import sys
import threading
import time
import traceback
from typing import Callable, List, Optional, Set

from .stream import Stream


class RequestTimeout(BaseException):
    """Raised in the thread of a request that took longer than request-timeout; `mod_wsgi.RequestTimeout`."""


class Running:
    """A request in its thread."""

    __slots__ = ('given_up', 'interrupted_at', 'is_over', 'script', 'since', 'stream', 'thread')

    def __init__(self, stream: Stream, script: str) -> None:
        self.stream = stream
        self.script = script
        self.thread = threading.get_ident()
        self.since = time.monotonic()
        self.interrupted_at: Optional[float] = None
        self.given_up = False
        self.is_over = False


class RequestTimeouts:
    """
    Worker threads say `begin` and `end`; the loop calls `tend` as often as `next_look` says. `give_up` hears why a request cannot
    be waited for any longer: the process is to be replaced then.
    """

    def __init__(self, timeout: float, interrupt_timeout: float, give_up: Callable[[str], None]) -> None:
        self._timeout = timeout
        self._interrupt_timeout = interrupt_timeout
        if interrupt_timeout:
            # Now, not while a thread is to be interrupted; and not where nobody will be.
            import ctypes  # noqa: F401
        self._give_up = give_up
        self._lock = threading.Lock()
        self._running: Set[Running] = set()

    def begin(self, stream: Stream, script: str) -> Running:
        running = Running(stream, script)
        with self._lock:
            self._running.add(running)
        return running

    def end(self, running: Running) -> None:
        """Afterwards no interrupt meant for this request can reach the thread."""
        while True:
            try:
                with self._lock:
                    running.is_over = True
                    self._running.discard(running)
                if running.interrupted_at is not None:
                    _interrupt(running.thread, None)
                return
            except RequestTimeout:
                # It came at the last moment.
                continue

    @property
    def given_up(self) -> int:
        """Threads that nobody waits for any more."""
        with self._lock:
            return sum(running.given_up for running in self._running)

    def next_look(self, now: float) -> Optional[float]:
        """Seconds until `tend` may have something to do."""
        with self._lock:
            limit = min((self._due_of(running) for running in self._running), default=float('inf'))
        if limit == float('inf'):
            return None
        return max(0.01, limit - now)

    def tend(self, now: float) -> None:
        """Interrupts or gives up what is due."""
        for running in self._take_due(now):
            if self._interrupt_timeout and running.interrupted_at is None:
                self._interrupt(running, now)
            else:
                self._leave_alone(running)

    def _take_due(self, now: float) -> List[Running]:
        with self._lock:
            return [running for running in self._running if now >= self._due_of(running)]

    def _due_of(self, running: Running) -> float:
        if running.given_up:
            return float('inf')
        if running.interrupted_at is not None:
            return running.interrupted_at + self._interrupt_timeout
        return running.since + self._timeout

    def _interrupt(self, running: Running, now: float) -> None:
        with self._lock:
            if running.is_over:
                return
            running.interrupted_at = now
            _interrupt(running.thread, RequestTimeout)
        # A thread that waits for the client meets the exception when it goes on.
        running.stream.stir()

    def _leave_alone(self, running: Running) -> None:
        with self._lock:
            if running.is_over:
                return
            running.given_up = True
        limit = 'request-timeout' if running.interrupted_at is None else 'interrupt-timeout'
        seconds = self._timeout if running.interrupted_at is None else self._interrupt_timeout
        sentence = 'a request for %s is not over after %g s (%s)' % (running.script, seconds, limit)
        print('\n'.join((sentence, *_describe_stack(running.thread))), file=sys.stderr)
        running.stream.give_up('timeout', sentence)
        self._give_up(sentence)


def _interrupt(thread: int, exception: Optional[type]) -> None:
    """None takes back what has not been raised yet."""
    import ctypes

    value = None if exception is None else ctypes.py_object(exception)
    ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread), value)


def _describe_stack(thread: int) -> List[str]:
    frame = sys._current_frames().get(thread)
    if frame is None:
        return []
    return [line for entry in traceback.format_stack(frame) for line in entry.rstrip('\n').split('\n')]
