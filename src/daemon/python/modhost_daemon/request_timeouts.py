"""
Requests that take longer than request-timeout: interrupted if interrupt-timeout is set, given up else.

An interrupt is an exception that is raised between any two steps of a thread. The application has to live with that; what threads share here
(the socket, its queue, locks) cannot. So a thread is interrupted in this way only while it is exposed, in the application's code. Inside a
`with running:` the interrupt waits, and is raised where the block ends.
"""

from __future__ import annotations

import sys
import threading
import time
import traceback
from typing import Callable, List, Optional, Set

from .interruptible_stream import InterruptibleStream
from .stream import Stream


class RequestTimeout(BaseException):
    """Raised in the thread of a request that took longer than request-timeout; `mod_wsgi.RequestTimeout`."""


class Running:
    """
    A request in its thread, which alone enters and leaves its blocks; covered at first. At most one interrupt comes, always from the same
    other thread. No locks: an exception between two steps could leave one locked. Instead each side first says what it does, and then looks
    what the other has said.
    """

    __slots__ = (
        '_depth',
        '_is_decided',
        '_is_due',
        '_is_exposed',
        'given_up',
        'interrupted_at',
        'is_over',
        'script',
        'since',
        'stream',
        'thread',
    )

    def __init__(self, stream: Stream, script: str) -> None:
        self.stream = stream
        self.script = script
        self.thread = threading.get_ident()
        self.since = time.monotonic()
        self.interrupted_at: Optional[float] = None
        self.given_up = False
        # The thread has said its last word.
        self.is_over = False
        self._depth = 1
        self._is_exposed = False
        # The interrupt waits for the end of a block; and whether it does, or was raised, is settled.
        self._is_due = False
        self._is_decided = False

    def __enter__(self) -> None:
        """Inside the block no interrupt arrives, not even one that was on its way."""
        self._depth += 1
        self._is_exposed = False
        if self._is_interrupted():
            # It is raised at the next call at the latest. If not, it never is: the request is given up when its time has come.
            _arrive()
            _raise_in(self.thread, None)

    def __exit__(self, *_: object) -> None:
        self.expose()

    def expose(self) -> None:
        """The end of a block, or of the beginning. Raises RequestTimeout if an interrupt has waited for it."""
        self._depth -= 1
        if self._depth or self.is_over:
            return
        self._is_exposed = True
        if self._is_interrupted():
            self.check()

    def check(self) -> None:
        """For where a block waits: raises RequestTimeout if an interrupt waits for its end."""
        if self._is_due and not self.is_over:
            self._is_due = False
            raise RequestTimeout

    def settle(self) -> None:
        """Inside a block: from now on it is too late for an interrupt."""
        self.is_over = True

    def interrupt(self, now: float) -> None:
        """The other thread."""
        self.interrupted_at = now
        if self._is_exposed:
            _raise_in(self.thread, RequestTimeout)
        else:
            self._is_due = True
        self._is_decided = True

    def _is_interrupted(self) -> bool:
        if self.interrupted_at is None:
            return False
        while not self._is_decided:
            time.sleep(0)
        return True


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
        if isinstance(stream, InterruptibleStream):
            stream.running = running
        with self._lock:
            self._running.add(running)
        return running

    def end(self, running: Running) -> None:
        """Afterwards no interrupt meant for this request can reach the thread."""
        while not running.is_over:
            try:
                with running:
                    running.settle()
            except RequestTimeout:
                # It came at the last moment.
                continue
        if isinstance(running.stream, InterruptibleStream):
            # The other half of a cycle.
            running.stream.running = None
        with self._lock:
            self._running.discard(running)

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
        running.interrupt(now)
        # A thread that waits for the client looks whether it is interrupted.
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


def _arrive() -> None:
    """A call, before which the interpreter raises what was set from outside."""


def _raise_in(thread: int, exception: Optional[type]) -> None:
    """None takes back what has not been raised yet."""
    import ctypes

    value = None if exception is None else ctypes.py_object(exception)
    ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread), value)


def _describe_stack(thread: int) -> List[str]:
    frame = sys._current_frames().get(thread)
    if frame is None:
        return []
    return [line for entry in traceback.format_stack(frame) for line in entry.rstrip('\n').split('\n')]
