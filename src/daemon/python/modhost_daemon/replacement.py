"""
Being replaced: what this process does between asking the supervisor for a successor and the supervisor's answer.

The answer is DRAIN (the successor is ready) or "keep" (it cannot start: this process goes on with the code it has). Meanwhile it serves.
A request that finds its script changed waits for the answer a moment, so that whoever edits and looks sees the new code,
but not as long as a large application may take to start.
"""

from __future__ import annotations

import threading
import time
from typing import Callable, Dict, Optional

_PATIENCE_SECONDS = 2.0


class Replacement:
    """`ask` sends the wish: its reason, and whether it is an eviction. All methods may be called from any thread."""

    def __init__(self, ask: Callable[[str, bool], None]) -> None:
        self._ask = ask
        self._answered = threading.Condition()
        self._asked_at: Optional[float] = None
        self._is_leaving = False
        # Modification times (ns) of the scripts that were the reason to ask.
        self._changed: Dict[str, int] = {}
        # Those of scripts whose successor could not start.
        self._dismissed: Dict[str, int] = {}

    def wait_for_change(self, script: str, modified_ns: int) -> bool:
        """True if the request is the successor's, False if it is to be served with the code that is loaded."""
        if self._dismissed.get(script) == modified_ns:
            # A successor has tried this state of the script file, in vain.
            return False
        with self._answered:
            if self._wish('%s has changed' % script, False):
                self._changed = {script: modified_ns}
            return self._wait()

    def wait_for_reload(self, reason: str) -> bool:
        """As wait_for_change, where the script itself asks to be loaded anew."""
        with self._answered:
            self._wish(reason, False)
            return self._wait()

    def wish(self, reason: str, is_eviction: bool = False) -> None:
        """Asks for a successor for any other reason."""
        with self._answered:
            self._wish(reason, is_eviction)

    def _wait(self) -> bool:
        while self._asked_at is not None and not self._is_leaving:
            left = self._asked_at + _PATIENCE_SECONDS - time.monotonic()
            if left <= 0:
                break
            self._answered.wait(left)
        return self._is_leaving

    def _wish(self, reason: str, is_eviction: bool) -> bool:
        if self._asked_at is not None or self._is_leaving:
            return False
        self._asked_at = time.monotonic()
        self._ask(reason, is_eviction)
        return True

    def leave(self) -> None:
        """This process takes no more requests."""
        with self._answered:
            self._is_leaving = True
            self._answered.notify_all()

    def keep(self) -> None:
        """The successor could not start."""
        with self._answered:
            self._dismissed.update(self._changed)
            self._changed = {}
            self._asked_at = None
            self._answered.notify_all()
