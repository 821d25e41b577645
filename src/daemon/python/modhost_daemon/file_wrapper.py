"""`wsgi.file_wrapper`: a file as a response."""

from __future__ import annotations

import io
import os
import stat
from typing import Callable, Iterator, Optional, Tuple


class FileWrapper:
    """Iterates over a file-like object in blocks; a plain file is sent from its descriptor when returned as it is."""

    def __init__(self, filelike: object, blksize: int = 8192) -> None:
        self.filelike = filelike
        self.blksize = blksize
        close = getattr(filelike, 'close', None)
        if close is not None:
            self.close: Callable[[], None] = close

    def __iter__(self) -> Iterator[bytes]:
        read = self.filelike.read  # type: ignore[attr-defined]
        while True:
            block = read(self.blksize)
            if not block:
                return
            yield block

    def __getitem__(self, _: int) -> bytes:
        block: bytes = self.filelike.read(self.blksize)  # type: ignore[attr-defined]
        if not block:
            raise IndexError
        return block


def find_regular_file(wrapper: FileWrapper) -> Optional[Tuple[int, int, int]]:
    """
    descriptor, position, size of a plain file; None for everything else. Objects that have a `fileno()` but give other
    bytes than the file's (a gzip file, a text file) are no plain files.
    """
    filelike = wrapper.filelike
    raw = getattr(filelike, 'raw', None) if isinstance(filelike, io.BufferedIOBase) else filelike
    if type(raw) is not io.FileIO:
        return None
    try:
        descriptor = raw.fileno()
        # The buffered object's position, not the descriptor's, which has read ahead.
        position = filelike.tell()  # type: ignore[attr-defined]
        status = os.fstat(descriptor)
    except (OSError, ValueError):
        return None
    if not stat.S_ISREG(status.st_mode):
        return None
    return descriptor, position, status.st_size
