"""What a request or call writes to the error log, whole lines on its stream."""

from __future__ import annotations

import io
import os
import threading
import traceback
from contextlib import suppress
from typing import Any, Callable, Dict, Iterable, List, Optional

from .stream import Stream

_PACKAGE = os.path.dirname(os.path.abspath(__file__)) + os.sep
# A line without an end is cut here, so that nobody's memory depends on a newline.
_MAX_LINE_BYTES = 65_536


class LineCollector:
    """Cuts what is written into lines; hands on each batch of complete ones."""

    __slots__ = ('_emit', '_lock', '_rest', 'is_closed')

    def __init__(self, emit: Callable[[List[bytes]], None]) -> None:
        self._emit = emit
        self._lock = threading.Lock()
        self._rest = b''
        self.is_closed = False

    def write(self, data: bytes) -> None:
        """Raises ValueError after the end of the request."""
        with self._lock:
            if self.is_closed:
                raise ValueError('the log of a request was written to after the end of the request')
            lines = (self._rest + data).split(b'\n')
            self._rest = lines.pop()
            while len(self._rest) > _MAX_LINE_BYTES:
                lines.append(self._rest[:_MAX_LINE_BYTES])
                self._rest = self._rest[_MAX_LINE_BYTES:]
        if lines:
            self._emit(lines)

    def close(self) -> None:
        """Emits the unfinished line."""
        with self._lock:
            self.is_closed = True
            rest, self._rest = self._rest, b''
            # `emit` belongs to an object that holds us: without this, only the garbage collector frees the two.
            emit, self._emit = self._emit, _drop
        if rest:
            emit([rest])


def _drop(_: List[bytes]) -> None:
    """After the end there is nobody to hand lines to."""


class Errors:
    """
    `wsgi.errors`: a text stream into the log of a request. Each request gets one and nearly none uses it, so it is not yet the object that has all
    of a text stream's members, which costs three times as much.
    """

    __slots__ = ('_log',)

    def __init__(self, log: RequestLog) -> None:
        self._log = log

    def write(self, text: str) -> int:
        self._log.collector_of('errors').write(encode_text(text))
        return len(text)

    def writelines(self, lines: Iterable[str]) -> None:
        for line in lines:
            self.write(line)

    def flush(self) -> None:
        """Complete lines are out already; an unfinished one waits for its end."""
        if self._log.is_closed:
            raise ValueError('the log of a request was flushed after the end of the request')

    def __getattr__(self, name: str) -> Any:
        return getattr(LogText(self._log), name)

    def __enter__(self) -> Errors:
        return self

    def __exit__(self, *_: object) -> None:
        """The log ends with its request, not before."""


io.TextIOBase.register(Errors)


class LogText(io.TextIOBase):
    """The same with all members, such as the binary stream beside it, `buffer`."""

    __slots__ = ('_buffer', '_log')

    write = Errors.write
    flush = Errors.flush

    def __init__(self, log: RequestLog) -> None:
        self._log = log
        self._buffer: Optional[LogBytes] = None

    @property
    def buffer(self) -> LogBytes:
        if self._buffer is None:
            self._buffer = LogBytes(self._log.collector_of('errors'))
        return self._buffer

    @property
    def encoding(self) -> str:  # type: ignore[override]
        return 'utf-8'

    @property
    def errors(self) -> str:  # type: ignore[override]
        return 'backslashreplace'

    @property
    def line_buffering(self) -> bool:
        return True

    @property
    def closed(self) -> bool:
        return self._log.is_closed

    def writable(self) -> bool:
        return True

    def close(self) -> None:
        """The log ends with its request, not before."""


class LogBytes(io.RawIOBase):
    """The binary side of LogText: takes any bytes-like object."""

    def __init__(self, collector: LineCollector) -> None:
        self._collector = collector

    @property
    def closed(self) -> bool:
        return self._collector.is_closed

    def writable(self) -> bool:
        return True

    def write(self, data: object) -> int:
        piece = bytes(memoryview(data))  # type: ignore[arg-type]
        self._collector.write(piece)
        return len(piece)

    def flush(self) -> None:
        pass

    def close(self) -> None:
        pass


class RequestLog:
    """The lines of one request: its `wsgi.errors`, what its thread prints, and why it failed."""

    __slots__ = ('_stream', 'application_group', 'collectors', 'is_closed')

    def __init__(self, stream: Stream, application_group: str) -> None:
        self._stream = stream
        # Of who writes.
        self.application_group = application_group
        # Of 'errors', 'stdout' and 'stderr' those that were written to: mostly none.
        self.collectors: Dict[str, LineCollector] = {}
        self.is_closed = False

    def collector_of(self, name: str) -> LineCollector:
        """Where `wsgi.errors` goes, or while the request is served `sys.stdout` or `sys.stderr`."""
        collector = self.collectors.get(name)
        if collector is None:
            # A thread of the application may come second, or too late.
            collector = self.collectors.setdefault(name, LineCollector(self._emit_errors))
            if self.is_closed:
                collector.close()
        return collector

    def say(self, level: str, *lines: str) -> None:
        """Writes lines of our own."""
        self._emit(level, [encode_line(line) for line in lines])

    def report(self, headline: str, error: BaseException) -> None:
        """A line that says what happened, then the traceback without our own first frames."""
        self.say('error', headline, *format_traceback(error))

    def close(self) -> None:
        """The request is over: unfinished lines go out, further writing raises ValueError."""
        self.is_closed = True
        if self.collectors:
            for name in ('errors', 'stdout', 'stderr'):
                collector = self.collectors.get(name)
                if collector is not None:
                    collector.close()

    def _emit_errors(self, lines: List[bytes]) -> None:
        self._emit('error', lines)

    def _emit(self, level: str, lines: List[bytes]) -> None:
        if not self._stream.log(level, lines) and level == 'error':
            # The connection is lost: the supervisor still reads our standard error, which has no levels.
            with suppress(OSError):
                os.write(2, b'\n'.join(lines) + b'\n')


def encode_text(text: str) -> bytes:
    """What a text stream of the log makes of `text`. Raises TypeError for anything else, as files do."""
    if not isinstance(text, str):
        raise TypeError('write() argument must be str, not %s' % type(text).__name__)
    return text.encode('utf-8', 'backslashreplace')


def encode_line(text: str) -> bytes:
    """As UTF-8 on one line."""
    line = ' '.join(text.split('\n'))
    try:
        return line.encode('utf-8', 'surrogateescape')
    except UnicodeEncodeError:
        return line.encode('utf-8', 'backslashreplace')


def format_traceback(error: BaseException) -> List[str]:
    """The lines of a traceback that begins with the user's own code."""
    trace = error.__traceback__
    while trace is not None and trace.tb_frame.f_code.co_filename.startswith(_PACKAGE):
        trace = trace.tb_next
    try:
        text = ''.join(traceback.format_exception(type(error), error, trace))
    except Exception:  # its __str__, __cause__ or source lines may do anything
        text = 'a %s whose traceback cannot be shown' % type(error).__name__
    return text.rstrip('\n').split('\n')
