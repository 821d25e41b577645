"""Whether a thread uses all the processor time it can get, or waits for something else."""

from __future__ import annotations

import os
import threading
import time
from typing import Callable, Dict

# Of time that counts; clocks that are read one after the other may say less than nothing.
_LEAST_SECONDS = 1e-5


class Appetite:
    """Of one thread of this process, the one that makes it."""

    __slots__ = ('_clock', '_descriptors', '_folder', '_seen_at', '_seen_idle', '_seen_running', '_seen_waiting')

    def __init__(self) -> None:
        # Not every system has it.
        self._clock = time.pthread_getcpuclockid(threading.get_ident()) if hasattr(time, 'pthread_getcpuclockid') else None
        self._folder = '/proc/self/task/%d/' % threading.get_native_id()
        self._descriptors: Dict[str, int] = {}
        # When measured last, how long the thread had been idle by then, and for how long it had run; and for how long it had waited for a processor, as of
        # when that was asked for last.
        self._seen_at = 0.0
        self._seen_idle = 0.0
        self._seen_running = 0.0
        self._seen_waiting = 0.0

    def measure(self, enough: float, idle_seconds: Callable[[float], float]) -> float:
        """
        The share of the time since the last call in which it ran, or waited for nothing but a processor; 1 if that is not `enough` and it does so
        now, since the system counts such a wait only when it is over; 0 if nobody knows. Time in which it had nothing to do does not count:
        `idle_seconds` says how much of that there ever was until a moment.
        """
        if self._clock is None:
            return 0.0
        try:
            # Nothing here lets go of the interpreter lock, for which the caller would have to wait again.
            running = time.clock_gettime(self._clock)
            now = time.monotonic()
            idle = idle_seconds(now)
            seconds = max(now - self._seen_at - idle + self._seen_idle, _LEAST_SECONDS)
            share = (running - self._seen_running) / seconds
            self._seen_at = now
            self._seen_idle = idle
            self._seen_running = running
            return share if share > enough else self._measure_waiting(enough, share, seconds)
        except (OSError, ValueError):
            return 0.0

    def _measure_waiting(self, enough: float, share: float, seconds: float) -> float:
        """The same with what it waited: since that was asked for last, so that it may be too much once."""
        waiting = int(self._read('schedstat').split()[1]) / 1e9
        share += (waiting - self._seen_waiting) / seconds
        self._seen_waiting = waiting
        # The state stands behind the name, which may hold anything.
        is_runnable = share <= enough and self._read('stat').rpartition(b') ')[2].startswith(b'R')
        return 1.0 if is_runnable else share

    def _read(self, name: str) -> bytes:
        descriptor = self._descriptors.get(name)
        if descriptor is None:
            descriptor = self._descriptors[name] = os.open(self._folder + name, os.O_RDONLY | os.O_CLOEXEC)
        return os.pread(descriptor, 1024, 0)
