"""Whether a thread uses all the processor time it can get, or waits for something else."""

from __future__ import annotations

import os
import time
from typing import Callable, Dict

# Of time that counts; clocks that are read one after the other may say less than nothing.
_LEAST_SECONDS = 1e-5


class Appetite:
    """Of one thread of this process, by its id in the system."""

    __slots__ = ('_descriptors', '_folder', '_seen_at', '_seen_idle', '_seen_seconds')

    def __init__(self, native_id: int) -> None:
        self._folder = '/proc/self/task/%d/' % native_id
        self._descriptors: Dict[str, int] = {}
        # When measured last, how long the thread had been idle by then, and for how long it had run or would have run.
        self._seen_at = 0.0
        self._seen_idle = 0.0
        self._seen_seconds = 0.0

    def measure(self, enough: float, idle_seconds: Callable[[float], float]) -> float:
        """
        The share of the time since the last call in which it ran, or waited for nothing but a processor; 1 if that is not `enough` and it does so
        now, since the system counts such a wait only when it is over; 0 if nobody knows. Time in which it had nothing to do does not count:
        `idle_seconds` says how much of that there ever was until a moment.
        """
        try:
            running, waiting, _ = self._read('schedstat').split()
            seconds = (int(running) + int(waiting)) / 1e9
            now = time.monotonic()
            idle = idle_seconds(now)
            share = (seconds - self._seen_seconds) / max(now - self._seen_at - idle + self._seen_idle, _LEAST_SECONDS)
            self._seen_at = now
            self._seen_idle = idle
            self._seen_seconds = seconds
            # The state stands behind the name, which may hold anything.
            is_runnable = share <= enough and self._read('stat').rpartition(b') ')[2].startswith(b'R')
        except (OSError, ValueError):
            return 0.0
        return 1.0 if is_runnable else share

    def _read(self, name: str) -> bytes:
        descriptor = self._descriptors.get(name)
        if descriptor is None:
            descriptor = self._descriptors[name] = os.open(self._folder + name, os.O_RDONLY | os.O_CLOEXEC)
        return os.pread(descriptor, 1024, 0)
