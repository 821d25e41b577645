"""A stream whose thread may be interrupted: not in the midst of what it shares with others."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any, Callable, List, Optional

from .stream import Stream

if TYPE_CHECKING:
    from .connection import Connection
    from .request_timeouts import Running


class InterruptibleStream(Stream):
    """
    Used where interrupt-timeout is set. An exception in the midst of sending would leave the connection, which all requests of a front end
    share, in a state that nobody can know. So what a worker thread asks of a stream is done as a whole or not at all, but for waiting.
    """

    __slots__ = ('running',)

    def __init__(self, connection: Connection, stream_id: int, is_call: bool, has_body: bool) -> None:
        super().__init__(connection, stream_id, is_call, has_body)
        # Once a worker thread has it; never for a call.
        self.running: Optional[Running] = None

    def take_body(self, wanted: int, step: int = 0) -> List[bytes]:
        return self._complete(super().take_body, wanted, step)

    def send_body(self, data: bytes, lead: bytes = b'') -> None:
        self._complete(super().send_body, data, lead)

    def send_last(self, data: bytes, lead: bytes) -> bool:
        return self._complete(super().send_last, data, lead)

    def end(self, head: bytes, data: bytes) -> bytes:
        return self._complete_last(super().end, head, data)

    def abort(self, code: str, sentence: str) -> None:
        self._complete_last(super().abort, code, sentence)

    def log(self, level: str, lines: List[bytes]) -> bool:
        return self._complete(super().log, level, lines)

    def _complete(self, step: Callable[..., Any], *arguments: Any) -> Any:
        running = self._own_running()
        if running is None:
            return step(*arguments)
        with running:
            return step(*arguments)

    def _complete_last(self, step: Callable[..., Any], *arguments: Any) -> Any:
        """Afterwards the answer is what it is: an interrupt would only lose the frames that are still to be sent."""
        running = self._own_running()
        if running is None:
            return step(*arguments)
        with running:
            result = step(*arguments)
            running.settle()
        return result

    def _own_running(self) -> Optional[Running]:
        """Others may call, too: the loop, and threads of the application."""
        running = self.running
        return running if running is not None and running.thread == threading.get_ident() else None

    def _wait(self) -> None:
        running = self._own_running()
        if running is None:
            super()._wait()
            return
        running.check()
        super()._wait()
        running.check()
