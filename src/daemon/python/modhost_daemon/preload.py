"""Loading a script before the first request for it."""

from __future__ import annotations

import sys
import time
from typing import List, Protocol, Sequence, Tuple

from .request_log import format_traceback
from .scripts import Scripts, ScriptUnreadable


class Host(Protocol):
    """What preloading asks of the daemon it runs in."""

    scripts: Scripts

    def announce_ready(self, failed: Sequence[str] = ()) -> None: ...


class PreloadJob:
    """All of `preload`, one after the other, to be run by a worker thread. What fails is tried again at first use."""

    __slots__ = ('_host', '_preload', 'channel', 'is_ahead', 'queued_at')

    def __init__(self, host: Host, preload: List[Tuple[str, str]]) -> None:
        self._host = host
        self._preload = preload
        self.is_ahead = False
        self.channel = None
        self.queued_at = time.monotonic()

    def announce(self) -> bool:
        """Nobody has sent it."""
        return True

    def expire(self) -> None:
        """Cannot happen to the first job of all, unless the system gives us no thread."""
        self._host.announce_ready()

    def give_back(self) -> None:
        """Cannot happen either."""

    def run(self, thread_id: int) -> bytes:
        failed = []
        for script, application_group in self._preload:
            if not self._load(script, application_group):
                failed.append(script)
        self._host.announce_ready(failed)
        return b''

    def _load(self, script: str, application_group: str) -> bool:
        try:
            self._host.scripts.load(script, application_group, compare=False)
            return True
        except ScriptUnreadable as error:
            print('modhost: cannot read script file %s: %s' % (script, error), file=sys.stderr)
        except BaseException as error:
            headline = 'modhost: loading script file %s failed with %s' % (script, type(error).__name__)
            print('\n'.join((headline, *format_traceback(error))), file=sys.stderr)
        return False
