"""When this process has served enough: maximum-requests and inactivity-timeout."""

from __future__ import annotations

import os
import threading
import time
from typing import Callable, Optional


class Wear:
    """Counts requests, from any thread; `ask` asks for a successor. The loop calls `tend` as often as `next_look` says."""

    def __init__(
        self, maximum_requests: int, jitter: int, inactivity_timeout: float, ask: Callable[[str], None]
    ) -> None:
        self._maximum = maximum_requests and maximum_requests + _choose_below(jitter + 1)
        self._inactivity_timeout = inactivity_timeout
        self._ask = ask
        self._lock = threading.Lock()
        self._active = 0
        self._completed = 0
        self._limit = self._maximum
        # Unset before the first request, and after inactivity was noticed.
        self._idle_since: Optional[float] = None

    def begin(self) -> None:
        with self._lock:
            self._active += 1

    def end(self) -> None:
        with self._lock:
            self._active -= 1
            self._completed += 1
            if not self._active:
                self._idle_since = time.monotonic()
            is_over = self._limit > 0 and self._completed >= self._limit
            if is_over:
                # Asked again after as many, if no successor can start.
                self._limit = self._completed + self._maximum
        if is_over:
            self._ask('it has served %d requests (maximum-requests)' % self._completed)

    def next_look(self, now: float) -> Optional[float]:
        """Seconds until `tend` has something to do, None if only a request can change that."""
        due = self._inactive_at()
        return None if due is None else max(0.0, due - now)

    def tend(self, now: float) -> None:
        """Asks when nothing has happened for too long."""
        due = self._inactive_at()
        if due is None or now < due:
            return
        with self._lock:
            self._idle_since = None
        self._ask('no request came for %g s (inactivity-timeout)' % self._inactivity_timeout)

    def _inactive_at(self) -> Optional[float]:
        with self._lock:
            if not self._inactivity_timeout or self._active or self._idle_since is None:
                return None
            return self._idle_since + self._inactivity_timeout


def _choose_below(count: int) -> int:
    """Differs from process to process. (`random` would load OpenSSL: 4 MB.)"""
    return int.from_bytes(os.urandom(8), 'big') % count
