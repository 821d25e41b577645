"""Whether a thread uses all the processor time it can get, or waits for something else."""

from __future__ import annotations

import os
import time
from typing import Optional, Tuple


class Appetite:
    """Of one thread of this process, by its id in the system."""

    __slots__ = ('_descriptor', '_native_id', '_seen')

    def __init__(self, native_id: int) -> None:
        self._native_id = native_id
        self._descriptor: Optional[int] = None
        # Seconds of the clock and seconds that it ran or would have run, when measured last.
        self._seen: Tuple[float, float] = (0.0, 0.0)

    def measure(self) -> float:
        """The share of the time since the last call in which it ran, or waited for nothing but a processor; 0 if nobody knows."""
        try:
            wanted = self._read()
        except (OSError, ValueError):
            return 0.0
        now = time.monotonic()
        before, wanted_before = self._seen
        self._seen = (now, wanted)
        return (wanted - wanted_before) / (now - before) if now > before else 0.0

    def _read(self) -> float:
        if self._descriptor is None:
            path = '/proc/self/task/%d/schedstat' % self._native_id
            self._descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        running, waiting, _ = os.pread(self._descriptor, 128, 0).split()
        return (int(running) + int(waiting)) / 1e9
