"""The answer of one request: `start_response`, `write`, and when the head is committed. PEP 3333."""

from __future__ import annotations

import os
from typing import Callable, Optional

from . import wire
from .file_wrapper import FileWrapper, find_regular_file
from .head import Head, Headers, check_head
from .stream import ClientGone, Stream

_FILE_BLOCK_BYTES = 65_536
# A body of up to so many bytes leaves with the end in one piece.
_JOIN_BYTES = 65_536


class ShortResponse(Exception):
    """The application gave fewer bytes than its Content-Length."""


class Response:
    """Head and body as the application produces them; nothing is sent before the first byte of the body or the end."""

    __slots__ = (
        '_head',
        '_held',
        '_is_over',
        '_length_hint',
        '_method',
        '_remaining',
        '_stream',
        'is_committed',
        'needs_no_body',
    )

    def __init__(self, stream: Stream, method: str) -> None:
        self._stream = stream
        self._method = method
        self._head: Optional[Head] = None
        self._length_hint: Optional[int] = None
        # Bytes that Content-Length still allows; None = it says nothing.
        self._remaining: Optional[int] = None
        self._held = b''
        self._is_over = False
        self.is_committed = False
        self.needs_no_body = False

    def start(self, status: str, headers: Headers, exc_info: object = None) -> Callable[[bytes], None]:
        """`start_response`. Until the head is committed, a later call replaces an earlier one, as in mod_wsgi."""
        if self._is_over or self.is_committed or exc_info is not None:
            try:
                self._check_turn(exc_info)
            finally:
                exc_info = None
        self._head = check_head(status, headers)
        return self.write

    def _check_turn(self, exc_info: object) -> None:
        if self._is_over:
            raise RuntimeError('start_response was called after the end of the request')
        if exc_info is not None and not isinstance(exc_info, tuple):
            raise RuntimeError('exc_info must be a tuple or None, not %s' % type(exc_info).__name__)
        if not self.is_committed:
            return
        try:
            if exc_info:
                raise exc_info[1].with_traceback(exc_info[2])
        finally:
            exc_info = None
        raise RuntimeError('start_response was called again after the response head was sent')

    def write(self, data: bytes) -> None:
        """The callable that `start_response` returns. Raises OSError when the client has left."""
        if self._is_over:
            raise RuntimeError('write was called after the end of the request')
        self.send(data)

    def send_all(self, result: object) -> None:
        """Iterates over what the application returned; every non-empty item leaves at once."""
        kind = type(result)
        if (kind is list or kind is tuple) and len(result) < 2 and not self.is_committed:  # type: ignore[arg-type]
            # The whole body is known: head, body and end leave in one write.
            data = result[0] if result else b''  # type: ignore[index]
            if not isinstance(data, bytes):
                raise _describe_item(data)
            self._held = data
            # An empty list in answer to HEAD says nothing about the length that GET would have.
            if data or self._method != 'HEAD':
                self._length_hint = len(data)
            return
        if isinstance(result, FileWrapper) and not self.is_committed:
            file = find_regular_file(result)
            if file is not None:
                self._send_file(*file)
                return
        for item in result:  # type: ignore[attr-defined]
            self.send(item)

    def send(self, data: bytes) -> None:
        """One piece of the body. Raises ClientGone, TypeError, or what the head's commitment raises."""
        if not isinstance(data, bytes):
            raise _describe_item(data)
        if not data:
            return
        head = b'' if self.is_committed else self._commit()
        data = self._trim(data)
        if data or head:
            self._stream.send_body(data, self._encode_head(head))
        elif self._stream.is_gone:
            raise ClientGone('the client left')

    def finish(self) -> bytes:
        """
        After the application's last word: the frames that complete the answer, which the caller sends. Raises ShortResponse
        if the announced length was not reached.
        """
        self._is_over = True
        head = b'' if self.is_committed else self._commit()
        data = self._held
        if data:
            self._held = b''
            if len(data) == self._remaining:
                self._remaining = 0
            else:
                data = self._trim(data)
        if self._remaining:
            if head or data:
                self._stream.send_body(data, self._encode_head(head))
            raise ShortResponse(
                'the application gave %d bytes fewer than its Content-Length announces' % self._remaining
            )
        if len(data) > _JOIN_BYTES:
            lead = self._encode_head(head)
            if self._stream.send_last(data, lead):
                return b''
            self._stream.send_body(data, lead)
            head = data = b''
        return self._stream.end(head, data)

    def fail(self, sentence: str, code: str = 'error') -> None:
        """The request has failed: 500 (504 for `timeout`), or a cut if the head is out already."""
        self._is_over = True
        self._stream.abort(code, sentence)

    def _send_file(self, descriptor: int, position: int, size: int) -> None:
        self._length_hint = max(0, size - position)
        wanted = self._length_hint
        while wanted > 0:
            block = os.pread(descriptor, min(wanted, _FILE_BLOCK_BYTES), position)
            if not block:
                break
            self.send(block)
            if self.needs_no_body or self._remaining == 0:
                break
            position += len(block)
            wanted -= len(block)

    def _encode_head(self, payload: bytes) -> bytes:
        return wire.encode_frame(wire.RESPONSE, self._stream.id, payload) if payload else b''

    def _commit(self) -> bytes:
        """The payload of RESPONSE; never empty."""
        head = self._head
        if head is None:
            raise RuntimeError('the application produced its response without calling start_response')
        payload = head.payload
        if head.length_text is not None:
            if head.length is None:
                raise ValueError('Content-Length %r is not a number' % head.length_text)
            self._remaining = head.length
        elif self._length_hint is not None and not head.needs_no_body:
            # A known length is added where there is none.
            self._remaining = self._length_hint
            payload += b'\0Content-Length\0%d' % self._length_hint
        if head.needs_no_body or self._method == 'HEAD':
            self.needs_no_body = True
            self._remaining = None
        self.is_committed = True
        return payload

    def _trim(self, data: bytes) -> bytes:
        if self.needs_no_body:
            return b''
        if self._remaining is not None:
            if len(data) > self._remaining:
                data = data[: self._remaining]
            self._remaining -= len(data)
        return data


def _describe_item(item: object) -> TypeError:
    return TypeError('a response body is made of bytes, not %s' % type(item).__name__)
