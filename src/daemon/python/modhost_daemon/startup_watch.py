"""startup-timeout: a process in which no script can be loaded for so long is to be replaced."""

from __future__ import annotations

import time
from typing import Callable, Optional


class StartupWatch:
    """
    The clock starts at the first try to load a script, and stops for good at the first success. `timeout` in
    seconds, 0 = off. `note_…` are for any thread, the rest for the loop's.
    """

    def __init__(self, timeout: float, ask: Callable[[str], None]) -> None:
        self._timeout = timeout
        self._ask = ask
        self._is_over = not timeout
        self._since: Optional[float] = None

    def note_attempt(self, script: str, application_group: str) -> None:
        if self._since is None:
            self._since = time.monotonic()

    def note_success(self) -> None:
        self._is_over = True

    def next_look(self, now: float) -> Optional[float]:
        """Seconds until `tend` has something to do."""
        if self._is_over or self._since is None:
            return None
        return max(0.0, self._since + self._timeout - now)

    def tend(self, now: float) -> None:
        """Asks for a successor when the time is over."""
        if self._is_over or self._since is None or now < self._since + self._timeout:
            return
        # The clock of another process starts anew; ours, if none can start.
        self._since = None
        self._ask('no script could be loaded for %g s (startup-timeout)' % self._timeout)
