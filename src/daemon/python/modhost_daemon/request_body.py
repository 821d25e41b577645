"""`wsgi.input`: the request body as a file."""

from __future__ import annotations

import sys
from typing import Iterator, List, Optional

from .stream import Stream


class RequestBody:
    """
    read, readline, readlines and iteration as a binary file has them. At the end b'' for ever, whatever CONTENT_LENGTH
    said; OSError for ever after the client has left.
    """

    __slots__ = ('_at', '_piece', 'stream')

    def __init__(self, stream: Stream) -> None:
        # None: the request is over, and reading raises from now on.
        self.stream: Optional[Stream] = stream
        self._piece = b''
        self._at = 0

    def read(self, size: Optional[int] = -1) -> bytes:
        """`size` bytes, fewer only at the end of the body; without size all there is."""
        step = sys.maxsize if size is None or size < 0 else size
        left = step
        parts: List[bytes] = []
        while left > 0:
            stream = self._open_stream()
            if self._at == len(self._piece):
                pieces = stream.take_body(left, step)
                if not pieces:
                    break
                # All but the last are wanted whole.
                self._piece = pieces.pop()
                self._at = 0
                parts += pieces
                left -= sum(map(len, pieces))
            part = self._cut(self._at + left)
            parts.append(part)
            left -= len(part)
        return parts[0] if len(parts) == 1 else b''.join(parts)

    def readline(self, size: Optional[int] = -1) -> bytes:
        """Up to and with the next LF, at most `size` bytes."""
        wanted = _limit(size)
        parts: List[bytes] = []
        while (wanted is None or wanted > 0) and self._fill():
            line_end = self._piece.find(b'\n', self._at) + 1
            end = line_end or len(self._piece)
            part = self._cut(end if wanted is None else min(end, self._at + wanted))
            parts.append(part)
            if part.endswith(b'\n'):
                break
            if wanted is not None:
                wanted -= len(part)
        return b''.join(parts)

    def readlines(self, hint: Optional[int] = -1) -> List[bytes]:
        """Lines until `hint` bytes are reached."""
        wanted = _limit(hint) or None
        lines: List[bytes] = []
        total = 0
        for line in self:
            lines.append(line)
            total += len(line)
            if wanted is not None and total >= wanted:
                break
        return lines

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        line = self.readline()
        if not line:
            raise StopIteration
        return line

    def close(self) -> None:
        """Nothing: the body ends with its request."""

    def _fill(self) -> bool:
        """Makes sure that there is a byte to cut; False at the end of the body."""
        stream = self._open_stream()
        if self._at < len(self._piece):
            return True
        self._piece = b''.join(stream.take_body(1))
        self._at = 0
        return bool(self._piece)

    def _cut(self, end: int) -> bytes:
        part = self._piece[self._at : end]
        self._at += len(part)
        return part

    def _open_stream(self) -> Stream:
        if self.stream is None:
            raise OSError('wsgi.input was read after the end of its request')
        return self.stream


def _limit(size: Optional[int]) -> Optional[int]:
    return None if size is None or size < 0 else size
