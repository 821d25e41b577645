"""sys.stdout and sys.stderr of the process: lines printed while serving a request go to that request's log."""

from __future__ import annotations

import io
import sys
from typing import Optional

from .current import current
from .request_log import LineCollector, encode_text


def capture_output() -> None:
    """Replaces sys.stdout and sys.stderr; the originals keep serving threads that have no request."""
    for name in ('stdout', 'stderr'):
        original = getattr(sys, name)
        original.reconfigure(encoding='utf-8', errors='backslashreplace', line_buffering=True)
        setattr(sys, name, _Captured(name, original))


class _Captured(io.TextIOBase):
    def __init__(self, name: str, original: io.TextIOWrapper) -> None:
        self._name = name
        self._original = original
        self._buffer = _CapturedBytes(name, original)

    @property
    def buffer(self) -> io.RawIOBase:
        return self._buffer

    @property
    def name(self) -> str:
        return '<%s>' % self._name

    @property
    def mode(self) -> str:
        return 'w'

    @property
    def encoding(self) -> str:  # type: ignore[override]
        return 'utf-8'

    @property
    def errors(self) -> str:  # type: ignore[override]
        return 'backslashreplace'

    @property
    def line_buffering(self) -> bool:
        return True

    def reconfigure(self, **_: object) -> None:
        """The log is UTF-8, line by line, whatever a program asks for."""

    def fileno(self) -> int:
        return self._original.fileno()

    def isatty(self) -> bool:
        return False

    def writable(self) -> bool:
        return True

    def write(self, text: str) -> int:
        collector = _collector_of_request(self._name)
        if collector is None:
            return self._original.write(text)
        collector.write(encode_text(text))
        return len(text)

    def flush(self) -> None:
        if current.log is None:
            self._original.flush()

    def close(self) -> None:
        """Not an application's to close."""


class _CapturedBytes(io.RawIOBase):
    def __init__(self, name: str, original: io.TextIOWrapper) -> None:
        self._name = name
        self._original = original

    def fileno(self) -> int:
        return self._original.fileno()

    def writable(self) -> bool:
        return True

    def write(self, data: object) -> int:
        piece = bytes(memoryview(data))  # type: ignore[arg-type]
        collector = _collector_of_request(self._name)
        if collector is None:
            self._original.flush()
            self._original.buffer.write(piece)
            self._original.buffer.flush()
        else:
            collector.write(piece)
        return len(piece)

    def flush(self) -> None:
        if current.log is None:
            self._original.flush()

    def close(self) -> None:
        """Not an application's to close."""


def _collector_of_request(name: str) -> Optional[LineCollector]:
    log = current.log
    return None if log is None else log.collector_of(name)
